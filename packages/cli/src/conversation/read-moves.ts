import type { KeptMove } from '@parley/domain/history/watermarks-then';
import { decodeWith } from '@parley/domain/text';
import { LoggedReceipt } from '@parley/domain/wire/receipts';
import { conversationPages } from '@parley/infra/log/conversation-pages';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import type { LogAccess } from '../terminal/log-access.js';

/** The moves of everybody's watermarks in a conversation that the log keeps, oldest first. */
export async function readMoves(
  { jsm, partitions }: LogAccess,
  conversationId: string,
): Promise<ReadonlyMap<string, readonly KeptMove[]>> {
  const moves = new Map<string, KeptMove[]>();
  const everybody = receiptPlaceOf(conversationId, '*', partitions);
  for await (const page of conversationPages(jsm, everybody)) {
    for (const message of page) {
      const receipt = decodeWith(LoggedReceipt, parseJson(message.data));
      if (E.isLeft(receipt)) continue;
      const { user, delivered, read, at } = receipt.right;
      const own = moves.get(user);
      if (own === undefined) moves.set(user, [{ delivered, read, at }]);
      else own.push({ delivered, read, at });
    }
  }
  return moves;
}
