import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { decodeWith } from '@parley/domain/text';
import { LoggedReceipt } from '@parley/domain/wire/receipts';
import { readBatch } from '@parley/infra/log/read-batch';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import { isWrongSequence } from '@parley/infra/log/wrong-sequence';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import type { Pool } from 'pg';
import { forgetMoves, type IsTold, isForgetting, type Move } from './kept-moves.js';
import { toldBetween } from './told-stretches.js';

export type ForgetResources = {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly database: Pick<Pool, 'query'>;
  readonly schema: string;
  readonly partitions: number;
};

/** Receipts that are read and written at once. */
const PAGE = 500;

/**
 * Takes the moves out of log and rows that tell of no message whose proof is still told, in these conversations. The log first: who is
 * killed between the two finds the rows as they were, and does it again.
 *
 * @param cutoff messages that ended by then, in ms, are told of no more
 * @param signal ends it early
 * @returns of how many people moves were forgotten
 * @throws when log or database do not answer; what was done stays done.
 */
export async function forgetMovesIn(
  resources: ForgetResources,
  conversationIds: readonly string[],
  cutoff: number,
  signal?: AbortSignal,
): Promise<number> {
  const { database, schema } = resources;
  let forgotten = 0;
  for (let last: Receipt | undefined, isWhole = false; !isWhole && !signal?.aborted; ) {
    const receipts = await readReceipts(resources, conversationIds, last);
    const isTold = await toldBetween(database, schema, receipts, cutoff);
    const fewer: Receipt[] = [];
    for (const receipt of receipts) {
      if (signal?.aborted) break;
      const forgetting = forgetMoves(receipt.moves, isTold(receipt.conversationId));
      if (!isForgetting(forgetting)) continue;
      await forgetInLog(resources, receipt, isTold(receipt.conversationId));
      forgotten++;
      fewer.push({ ...receipt, moves: receipt.moves.filter((_, index) => forgetting.kept[index]) });
    }
    await writeMoves(resources, fewer);
    last = receipts.at(-1);
    isWhole = receipts.length < PAGE;
  }
  return forgotten;
}

type Receipt = {
  readonly conversationId: string;
  readonly user: string;
  readonly changed: string;
  readonly moves: readonly Move[];
};

async function readReceipts(
  { database, schema }: ForgetResources,
  conversationIds: readonly string[],
  last: Receipt | undefined,
): Promise<readonly Receipt[]> {
  const { rows } = await database.query<Record<string, string> & { moves: readonly string[] }>({
    name: `moved-${schema}`,
    text: `
      select conversation_id, user_id, changed, moves from ${schema}.receipt
      where conversation_id = any ($1) and (conversation_id, user_id) > ($2, $3)
        and ${hasTimes('moves')}
      order by conversation_id, user_id limit ${PAGE}`,
    values: [conversationIds, last?.conversationId ?? '', last?.user ?? ''],
  });
  return rows.map(({ conversation_id, user_id, changed, moves }) => ({
    conversationId: conversation_id as string,
    user: user_id as string,
    changed: changed as string,
    moves: movesOf(moves.map(Number)),
  }));
}

/** Whether anything can be forgotten of these moves: not where none are left but one without its time. */
export const hasTimes = (moves: string): string =>
  `${moves} <> '{}' and not (cardinality(${moves}) = 3 and ${moves}[3] = 0)`;

const movesOf = (numbers: readonly number[]): readonly Move[] =>
  Array.from({ length: numbers.length / 3 }, (_, index) => ({
    delivered: numbers[3 * index] as number,
    read: numbers[3 * index + 1] as number,
    at: numbers[3 * index + 2] as number,
  }));

/** Only rows that nothing was added to meanwhile; the others have their turn later. */
async function writeMoves(
  { database, schema }: ForgetResources,
  receipts: readonly Receipt[],
): Promise<void> {
  if (receipts.length === 0) return;
  await database.query({
    name: `fewer-moves-${schema}`,
    text: `
      update ${schema}.receipt r set moves = u.moves::bigint[]
      from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) as u (conversation_id, user_id, changed, moves)
      where r.conversation_id = u.conversation_id and r.user_id = u.user_id and r.changed = u.changed`,
    values: [
      receipts.map(({ conversationId }) => conversationId),
      receipts.map(({ user }) => user),
      receipts.map(({ changed }) => changed),
      receipts.map(
        ({ moves }) => `{${moves.map(({ delivered, read, at }) => `${delivered},${read},${at}`).join()}}`,
      ),
    ],
  });
}

/**
 * The same in the log. Where the newest move loses its time, one without a time is put behind it, by compare-and-set: it moves
 * nothing, and the rows follow it. Where somebody moves at this moment, that is left for another turn.
 */
async function forgetInLog(
  { js, jsm, partitions }: ForgetResources,
  { conversationId, user }: Receipt,
  isTold: IsTold,
): Promise<void> {
  const { stream, subject } = receiptPlaceOf(conversationId, user, partitions);
  const stored = (await readBatch(jsm, stream, { seq: 1, next_by_subj: subject })).flatMap((message) => {
    const receipt = decodeWith(LoggedReceipt, parseJson(message.data));
    return E.isRight(receipt) ? [{ seq: message.seq, ...receipt.right }] : [];
  });
  const newest = stored.at(-1);
  if (newest === undefined) return;
  const { kept, losesTime } = forgetMoves(stored, isTold);
  if (losesTime && !(await takeTime(js, subject, stream, newest))) return;
  const gone = stored.filter((each, index) => !kept[index] || (losesTime && each === newest));
  const firstKept = stored.find((each) => !gone.includes(each))?.seq ?? newest.seq + 1;
  if (gone.some(({ seq }) => seq < firstKept))
    await jsm.streams.purge(stream, { filter: subject, seq: firstKept });
  for (const { seq } of gone) if (seq > firstKept) await jsm.streams.deleteMessage(stream, seq, false);
}

async function takeTime(
  js: JetStreamClient,
  subject: string,
  stream: string,
  { seq, ...receipt }: LoggedReceipt & { readonly seq: number },
): Promise<boolean> {
  try {
    const expect = { streamName: stream, lastSubjectSequence: seq };
    await js.publish(subject, JSON.stringify({ ...receipt, at: 0 }), { expect });
    return true;
  } catch (error) {
    if (isWrongSequence(error)) return false;
    throw error;
  }
}
