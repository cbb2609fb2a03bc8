import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { closeBody } from '@parley/domain/conversation/body';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { decodeEnvelope, type Envelope, envelop } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { streamName } from '@parley/infra/log/subjects';
import * as E from 'fp-ts/lib/Either.js';

/** Events of one conversation, each at its place. The first makes it. */
export type Writer = {
  readonly conversationId: string;
  /** The next event, `at` a time in ms. */
  next(event: ConversationEvent, at: number, actor?: string): Envelope;
};

export function writerOf(conversationId: string): Writer {
  let seq = 0;
  return {
    conversationId,
    next(event, at, actor = 'ann') {
      seq++;
      return envelop(event, { conversationId, seq, at, actor, commandId: `c-${seq}` });
    },
  };
}

export const created = (expiresAt?: number): ConversationEvent => ({
  type: 'conversation.created',
  data: {
    kind: 'group',
    ttl: null,
    members: ['ann', 'ben'].map((user) => ({ user, role: 'owner', banHash: `h-${user}` })),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  },
});

export const sent = (ordinal: number, expiresAt?: number): ConversationEvent => ({
  type: 'message.sent',
  data: {
    ordinal,
    body: closeBody({ kind: 'text', text: `message ${ordinal}` }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  },
});

/** A conversation, and messages in it that end at these times. */
export function mortal(conversationId: string, at: number, ends: readonly number[]): readonly Envelope[] {
  const writer = writerOf(conversationId);
  return [writer.next(created(), at), ...ends.map((end, index) => writer.next(sent(index + 1, end), at))];
}

/** Everything that the log has, as far as it can be read, in the order of each partition. */
export async function readLog(nats: NatsConnection, partitions: number): Promise<readonly Envelope[]> {
  const events: Envelope[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    for await (const batch of consumeBatches(jetstream(nats), streamName(partition), 0, { follow: false })) {
      for (const { bytes } of batch) {
        const event = decodeEnvelope(JSON.parse(Buffer.from(bytes).toString()));
        if (E.isRight(event)) events.push(event.right);
      }
    }
  }
  return events;
}

/**
 * How often each message that has an end was tombstoned, by `<conversationId>:<seq>`, and by which events that came before
 * its end.
 */
export function tombstones(events: readonly Envelope[]) {
  const times = new Map<string, number>();
  const early: Envelope[] = [];
  const ends = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'message.sent' && event.data.expiresAt !== undefined) {
      times.set(event.id, 0);
      ends.set(event.id, event.data.expiresAt);
    }
    if (event.type !== 'message.expired') continue;
    for (const [from, to] of event.data.ranges) {
      for (let seq = from; seq <= to; seq++) {
        const id = `${event.conversationId}:${seq}`;
        if (!times.has(id)) continue;
        times.set(id, (times.get(id) ?? 0) + 1);
        if (event.at < (ends.get(id) ?? 0)) early.push(event);
      }
    }
  }
  return { times, early };
}
