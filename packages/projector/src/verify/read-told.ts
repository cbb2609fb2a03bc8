import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { fnv1a32 } from '@parley/domain/log/partition';
import { decodeWith } from '@parley/domain/text';
import { LoggedReceipt } from '@parley/domain/wire/receipts';
import { consumeBatches } from '@parley/infra/log/consume';
import { readConversation } from '@parley/infra/log/conversation-reader';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { readBatch } from '@parley/infra/log/read-batch';
import { placeOf, receiptStreamName, streamName } from '@parley/infra/log/subjects';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import type { Told } from './expected-rows.js';
import type { Extent } from './extent.js';
import { passOver, type Stored, type ToldHistory, tell, untold } from './told-history.js';
import { noMoves, type ToldMoves, tellMove } from './told-receipts.js';

export type LogReader = {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly partitions: number;
};

/** Events whose histories are held in memory at once, at some kilobyte each; more are read in as many passes. */
const EVENTS_AT_ONCE = 250_000;

/** Messages of a batch. */
const BATCH = 4_000;

/**
 * All that the log says of each conversation of a partition, up to a place. In several passes over the streams where they are long, each of which
 * tells of some of the conversations.
 */
export async function* toldOfPartition(
  reader: LogReader,
  extent: Extent,
  atOnce: number = EVENTS_AT_ONCE,
): AsyncGenerator<ReadonlyMap<string, Told>> {
  const { partition } = extent;
  const count = async (stream: string) => (await reader.jsm.streams.info(stream)).state.messages;
  const messages = (await count(streamName(partition))) + (await count(receiptStreamName(partition)));
  const passes = Math.max(1, Math.ceil(messages / atOnce));
  for (let pass = 0; pass < passes; pass++) {
    // Not the hash that chose the partition: of that, a partition's conversations have the same remainder.
    const isWanted = (conversationId: string) =>
      passes === 1 || fnv1a32(`${conversationId}/pass`) % passes === pass;
    yield readWanted(reader, extent, isWanted);
  }
}

async function readWanted(
  { js }: LogReader,
  extent: Extent,
  isWanted: (conversationId: string) => boolean,
): Promise<ReadonlyMap<string, Told>> {
  const all = new Map<string, Teller>();
  const teller = (conversationId: string): Teller => {
    const known = all.get(conversationId);
    if (known !== undefined) return known;
    const begun = openTeller(extent, conversationId);
    all.set(conversationId, begun);
    return begun;
  };
  const read = async (
    stream: string,
    take: (message: LoggedMessage, teller: Teller) => void,
    upTo: number,
  ) => {
    for await (const batch of consumeBatches(js, stream, 0, { follow: false, maxBatch: BATCH })) {
      for (const message of batch) {
        if (message.streamSeq > upTo) return;
        const conversationId = message.subject.split('.', 3)[2] as string;
        if (isWanted(conversationId)) take(message, teller(conversationId));
      }
    }
  };
  const { partition, place } = extent;
  const event = ({ streamSeq, storedAt, bytes }: LoggedMessage, { event }: Teller) =>
    event({ streamSeq, storedAt, json: parseJson(bytes) });
  await read(streamName(partition), event, place.timeline);
  // Later moves are read too: they say what the log has forgotten since.
  const move = ({ streamSeq, storedAt, bytes }: LoggedMessage, { move }: Teller) =>
    move(streamSeq, storedAt, parseJson(bytes));
  await read(receiptStreamName(partition), move, Number.POSITIVE_INFINITY);
  return all;
}

/** All that the log says of one conversation, up to a place. */
export async function toldOf(
  { jsm, partitions }: LogReader,
  extent: Extent,
  conversationId: string,
): Promise<Told> {
  const teller = openTeller(extent, conversationId);
  const place = placeOf(conversationId, partitions);
  for await (const stored of readConversation(jsm, place)) {
    if (stored.streamSeq > extent.place.timeline) break;
    teller.event(stored);
  }
  const everybody = `rcpt.${place.subject.slice('conv.'.length)}.*`;
  for (let next = 1; ; ) {
    const page = await readBatch(jsm, receiptStreamName(place.partition), {
      seq: next,
      next_by_subj: everybody,
    });
    for (const message of page) teller.move(message.seq, message.time.getTime(), parseJson(message.data));
    const last = page.at(-1);
    if (last === undefined || last.pending === 0) return teller;
    next = last.seq + 1;
  }
}

type Teller = Told & {
  event(stored: Stored): void;
  move(streamSeq: number, storedAt: number, json: unknown): void;
};

function openTeller({ place, parked, dropped }: Extent, conversationId: string): Teller {
  const told: ToldHistory = untold(conversationId);
  const receipts = new Map<string, ToldMoves>();
  const standsStillAt = parked.get(conversationId) ?? Number.POSITIVE_INFINITY;
  return {
    told,
    receipts,
    event(stored) {
      const { streamSeq } = stored;
      if (streamSeq >= standsStillAt) return;
      if (dropped.has(streamSeq)) passOver(told, stored, dropped.get(streamSeq));
      else tell(told, stored);
    },
    move(streamSeq, storedAt, json) {
      const receipt = decodeWith(LoggedReceipt, json);
      if (E.isLeft(receipt)) return;
      const { user, delivered, read, at } = receipt.right;
      const moves = receipts.get(user) ?? noMoves();
      receipts.set(user, moves);
      tellMove(moves, { streamSeq, storedAt, delivered, read, at }, place.receipts);
    },
  };
}
