import { TYPING_MS } from '@parley/domain/wire/presence';
import type { Core } from '../core.js';
import { elapsed } from '../time/elapsed.js';

/** Says where I type: again while I do, as it expires by itself. */
export type TypingTeller = {
  typing(conversationId: string, isTyping: boolean): void;
  /** I sent something there, which everybody takes for the end. */
  sent(conversationId: string): void;
};

/** Milliseconds between two tellings that I still type. */
const EVERY_MS = TYPING_MS / 2;

export function createTypingTeller(core: Core): TypingTeller {
  const saidAt = new Map<string, number>();

  function say(conversationId: string, typing: boolean): void {
    if (core.state().tag !== 'open') return;
    // What is lost here is said again in a moment, or is over.
    void core.call('typing.set', { conversationId, typing }).catch(() => undefined);
  }

  return {
    typing(conversationId, isTyping) {
      const age = elapsed() - (saidAt.get(conversationId) ?? Number.NEGATIVE_INFINITY);
      if (isTyping && age >= EVERY_MS) {
        saidAt.set(conversationId, elapsed());
        say(conversationId, true);
      }
      if (isTyping || !saidAt.delete(conversationId)) return;
      if (age < TYPING_MS) say(conversationId, false);
    },
    sent: (conversationId) => void saidAt.delete(conversationId),
  };
}
