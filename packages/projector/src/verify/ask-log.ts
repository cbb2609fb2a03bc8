import type { JetStreamManager } from '@nats-io/jetstream';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { readConversation } from '@parley/infra/log/conversation-reader';
import {
  firstAfter,
  nameOfStream,
  type ProjectedStream,
  type StoredPlace,
} from '@parley/infra/log/projected-stream';
import { placeOf } from '@parley/infra/log/subjects';
import * as E from 'fp-ts/lib/Either.js';
import { WINDOW_MS } from '../window.js';
import type { AskLog } from './excuses.js';

/** A few questions to the log of a partition, each asked once. */
export type PartitionLog = AskLog & {
  /** Whether a window may have begun at a place, of which a later event is part that was stored at this time, in ms. */
  mayBegin(
    projection: string,
    marked: number,
    changed: number,
    changedAt: number | undefined,
  ): Promise<boolean>;
};

export function askLog(jsm: JetStreamManager, partition: number, partitions: number): PartitionLog {
  const firsts = new Map<string, Promise<StoredPlace | undefined>>();
  const erased = new Map<string, Promise<ReadonlySet<string>>>();

  const after = (projection: string, streamSeq: number) =>
    once(firsts, `${projection} ${streamSeq}`, () =>
      firstAfter(jsm, { projection, partition } as ProjectedStream, streamSeq),
    );

  return {
    async isHollow(projection, from, before) {
      const next = await after(projection, from - 1);
      return next === undefined || next.streamSeq >= before;
    },
    async isReached(projection, streamSeq) {
      const stream = nameOfStream({ projection, partition } as ProjectedStream);
      return streamSeq <= (await jsm.streams.info(stream)).state.last_seq;
    },
    async wasErased(conversationId, user) {
      const people = await once(erased, conversationId, () => erasedIn(jsm, conversationId, partitions));
      return people.has(user);
    },
    async mayBegin(projection, marked, changed, changedAt) {
      if (marked < 1 || marked > changed) return false;
      const slot = slotOf(changedAt ?? (await after(projection, changed - 1))?.storedAt);
      const first = await after(projection, marked - 1);
      const before = marked === 1 ? undefined : await after(projection, marked - 2);
      const isFirst = before === undefined || before.streamSeq >= marked || slotOf(before.storedAt) !== slot;
      return slotOf(first?.storedAt) === slot && isFirst;
    },
  };
}

const slotOf = (storedAt: number | undefined): number => Math.floor((storedAt ?? 0) / WINDOW_MS);

function once<A>(known: Map<string, Promise<A>>, key: string, ask: () => Promise<A>): Promise<A> {
  const asked = known.get(key);
  if (asked !== undefined) return asked;
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
  const answer = ask();
  known.set(key, answer);
  return answer;
}

/** Answers remembered of each kind. */
const MOST_KNOWN = 10_000;

async function erasedIn(
  jsm: JetStreamManager,
  conversationId: string,
  partitions: number,
): Promise<ReadonlySet<string>> {
  const people = new Set<string>();
  for await (const { json } of readConversation(jsm, placeOf(conversationId, partitions))) {
    if ((json as { readonly type?: unknown } | undefined)?.type !== 'member.erased') continue;
    const event = decodeEnvelope(json);
    if (E.isRight(event) && event.right.type === 'member.erased') people.add(event.right.data.user);
  }
  return people;
}
