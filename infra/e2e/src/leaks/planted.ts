import { randomUUID } from 'node:crypto';
import type { MovedClockStack } from './moved-clock-stack.js';

/** What no reader may find any more once its life is over. */
export const WORDS = 'the meadow at noon';
export const EMOJI = '🌻';

/** Life of what is planted, in s. */
export const LIFE = 3_600;
/** How far ahead a clock must be for it to be over, in ms: those of processes differ by what it takes to ask the broker for its own. */
export const OVER = (LIFE + 30) * 1_000;

/** A conversation with messages that stay and messages that do not. */
export type Planted = {
  readonly conversationId: string;
  /** A message of ann's that expires: edited, reacted to, answered and pinned. */
  readonly seq: number;
  /** Under which the newest message was sent, which expires too. */
  readonly commandId: string;
  readonly head: number;
};

export const text = (words: string) => ({ kind: 'text', text: words });

/** Plants one between ann, bob and whoever reads it, and waits until rows and cache have it. */
export async function plant({ done, projected }: MovedClockStack, reader = 'bob'): Promise<Planted> {
  const conversationId = `g-${randomUUID()}`;
  const members = [...new Set(['bob', reader])].filter((user) => user !== 'ann');
  await done('conversation.create', { conversationId, kind: 'group', members });
  await done('message.send', { conversationId, body: text('stays') });
  const seq = await done('message.send', { conversationId, body: text(WORDS), ttl: LIFE });
  await done('message.edit', { conversationId, seq, body: text(`${WORDS}!`) });
  await done('message.react', { conversationId, seq, emoji: EMOJI }, 'bob');
  await done('message.pin', { conversationId, seq });
  await done('message.send', { conversationId, body: text('answers'), replyTo: seq });
  const commandId = randomUUID();
  const head = await done('message.send', { conversationId, commandId, body: text(WORDS), ttl: LIFE });
  await projected(conversationId, head);
  return { conversationId, seq, commandId, head };
}

export const tells = (text: string): boolean => text.includes(WORDS) || text.includes(EMOJI);
