import { closeBody } from '@parley/domain/conversation/body';
import { addDigest, type Digest, digestHex, digestOf, emptyDigest } from '@parley/domain/log/digest';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { partitionOf } from '@parley/domain/log/partition';
import { commands } from '@parley/domain/testing/arbitraries';
import { happen } from '@parley/domain/testing/history';
import fc from 'fast-check';

/**
 * A log with everything in it: many short conversations in which people try everything, and some long ones, their events
 * in turn. The same each time.
 *
 * @param long events in each of the twenty long conversations.
 */
export function bigLog(long: number): readonly Envelope[] {
  const short = fc
    .sample(commands, { seed: 7, numRuns: 150 })
    .map((tried, index) => renamed(happen(tried).log, `short-${index}`));
  const histories = [...short, ...Array.from({ length: 20 }, (_, index) => talk(`long-${index}`, long))];
  const events: Envelope[] = [];
  for (let turn = 0; histories.some((history) => history.length > turn); turn++) {
    for (const history of histories) events.push(...history.slice(turn, turn + 1));
  }
  return events;
}

/** Digest of each partition's part of a log. */
export function digestsOf(events: readonly Envelope[], partitions: number): readonly string[] {
  const digests: Digest[] = Array.from({ length: partitions }, () => emptyDigest);
  for (const event of events) {
    const partition = partitionOf(event.conversationId, partitions);
    digests[partition] = addDigest(digests[partition] as Digest, digestOf(event));
  }
  return digests.map(digestHex);
}

export const renamed = (log: readonly Envelope[], conversationId: string): readonly Envelope[] =>
  log.map((event) => ({ ...event, conversationId, id: `${conversationId}:${event.seq}` }));

/** The same with every end a thousand years later, so that nothing in it is due while a projector runs. */
export const farFromItsEnd = (log: readonly Envelope[]): readonly Envelope[] =>
  log.map((event) => {
    const { expiresAt } = event.data as { expiresAt?: number | null };
    if (typeof expiresAt !== 'number') return event;
    return { ...event, data: { ...event.data, expiresAt: expiresAt + MILLENNIUM } } as Envelope;
  });

const MILLENNIUM = 1_000 * 365 * 86_400_000;

/** Two people who send, and now and then edit, react and delete. */
export function talk(conversationId: string, length: number): readonly Envelope[] {
  let ordinal = 0;
  return Array.from({ length }, (_, index): Envelope => {
    const seq = index + 1;
    const place = {
      conversationId,
      seq,
      at: 1_700_000_000_000 + index,
      actor: index % 2 ? 'ben' : 'ann',
      commandId: `c-${seq}`,
    };
    if (index === 0) {
      const members = ['ann', 'ben'].map((user) => ({ user, role: 'owner' as const, banHash: `h-${user}` }));
      return envelop({ type: 'conversation.created', data: { kind: 'group', ttl: null, members } }, place);
    }
    const body = closeBody({ kind: 'text', text: `message ${seq} of ${conversationId}` });
    if (index % 20 === 11) return envelop({ type: 'message.edited', data: { seq: seq - 9, body } }, place);
    if (index % 20 === 13) {
      return envelop({ type: 'message.reacted', data: { seq: seq - 7, emoji: '+1', removed: false } }, place);
    }
    if (index % 20 === 17) return envelop({ type: 'message.deleted', data: { seq: seq - 13 } }, place);
    return envelop({ type: 'message.sent', data: { ordinal: ++ordinal, body } }, place);
  });
}
