import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ParleyClient } from '@parley/client/parley-client';
import { RefusalError } from '@parley/client/refusal-error';
import { pick } from '../seeded.js';

/** A send that was asked for, in the order of asking; `seq` once it was acknowledged, `refused` where it was not done. */
export type Send = {
  readonly conversationId: string;
  readonly commandId: string;
  readonly text: string;
  seq?: number;
  refused?: string;
};

export type Actor = { readonly sends: readonly Send[]; readonly work: Promise<void> };

export type Stage = {
  readonly conversations: readonly string[];
  readonly people: readonly string[];
  readonly random: () => number;
  /** Things to do. */
  readonly deeds: number;
};

/**
 * Does things at random: mostly sends, some with a short life, also edits, deletions, reactions, pins, marks, and, where they may,
 * lives set for all, people put out and let in.
 * Nothing waits for an answer before the next thing is asked. What the rules refuse is refused; anything else fails.
 */
export function act(client: ParleyClient, { conversations, people, random, deeds }: Stage): Actor {
  const sends: Send[] = [];
  const waiting: Promise<unknown>[] = [];

  function send(conversationId: string): void {
    const entry: Send = { conversationId, commandId: randomUUID(), text: `${client.user} ${sends.length}` };
    sends.push(entry);
    const { commandId, text } = entry;
    waiting.push(
      client.send(conversationId, { text, commandId, ...(random() < 0.2 ? { ttl: 5 } : {}) }).then(
        ({ seq }) => {
          entry.seq = seq;
        },
        (error: unknown) => {
          entry.refused = ruled(error);
        },
      ),
    );
  }

  function deed(): void {
    const conversationId = pick(random, conversations);
    const roll = random() * 100;
    if (roll < 60) return send(conversationId);
    const seq = 1 + Math.floor(random() * (client.position(conversationId) ?? 1));
    const ask = (done: Promise<unknown>): void => void waiting.push(done.catch(ruled));
    if (roll < 66)
      return ask(
        client.call('message.edit', { conversationId, seq, body: { kind: 'text', text: 'edited' } }),
      );
    if (roll < 70) return ask(client.call('message.delete', { conversationId, seq }));
    if (roll < 76)
      return ask(client.call('message.react', { conversationId, seq, emoji: '+1', remove: random() < 0.3 }));
    if (roll < 79)
      return ask(client.call(random() < 0.7 ? 'message.pin' : 'message.unpin', { conversationId, seq }));
    if (roll < 81)
      return ask(client.call('conversation.setTtl', { conversationId, ttl: random() < 0.5 ? 6 : null }));
    if (roll < 92) return ask(client.mark({ conversationId, read: seq, delivered: seq }).catch(notNow));
    const users = [pick(random, people)];
    return ask(client.call(roll < 95 ? 'member.remove' : 'member.add', { conversationId, users }));
  }

  async function play(): Promise<void> {
    for (let done = 0; done < deeds; done++) {
      deed();
      await sleep(random() * 100);
    }
    await Promise.all(waiting);
  }

  return { sends, work: play() };
}

const RULES = new Set([
  'ConversationNotFound',
  'NotAMember',
  'NotAllowed',
  'NotForThisKind',
  'NotTheAuthor',
  'MessageNotFound',
  'LastOwner',
  'BeyondTheHead',
  'LifeNotAllowed',
  'TooManyPins',
]);

/** The tag of what the rules refuse; anything else is a failure. */
function ruled(error: unknown): string {
  if (error instanceof RefusalError && RULES.has(error.tag)) return error.tag;
  throw error;
}

/** Marks are tried once: with the line broken they are not done, and nothing is lost by that. */
function notNow(error: unknown): void {
  if (error instanceof RefusalError && error.retryable) return;
  throw error;
}
