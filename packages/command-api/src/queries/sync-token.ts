import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { ListPosition } from '@parley/domain/wire/cursor';
import { isSchemaName } from '@parley/infra/read-model/schema-name';
import * as E from 'fp-ts/lib/Either.js';
import type { LogPlace } from '../read/account-changes.js';

/** What a client was told: all that `schema` held up to these places. */
export type Told = { readonly schema: string; readonly places: readonly LogPlace[] };

/** Where the next page begins; `full` pages have everything. The token of the first page travels along. */
export type SyncPosition = {
  readonly full: boolean;
  readonly position: ListPosition;
  readonly token: string;
};

/** `<schema>~<partition>.<seq>.<window>.<receipts>.<window>~…` in base 36, windows as the distance back to where they began. */
export function syncToken({ schema, places }: Told): string {
  const told = places.map(({ partition, seq, began, receiptSeq, receiptBegan }) =>
    [partition, seq, seq - began, receiptSeq, receiptSeq - receiptBegan].map((n) => n.toString(36)).join('.'),
  );
  return [schema, ...told].join('~');
}

export function readSyncToken(token: string): E.Either<Refusal, Told> {
  const [schema = '', ...told] = token.split('~');
  const places = told.map(readPlace);
  return isSchemaName(schema) && places.every((place) => place !== undefined)
    ? E.right({ schema, places })
    : E.left(refuse('InvalidParams', 'the token was not made by session.sync; ask without it'));
}

function readPlace(text: string): LogPlace | undefined {
  const numbers = text.split('.').map(wholeNumber);
  if (numbers.length !== 5 || numbers.some((n) => n === undefined)) return undefined;
  const [partition, seq, back, receiptSeq, receiptBack] = numbers as [number, number, number, number, number];
  if (back > seq || receiptBack > receiptSeq || partition > MOST_PARTITIONS) return undefined;
  return { partition, seq, began: seq - back, receiptSeq, receiptBegan: receiptSeq - receiptBack };
}

const MOST_PARTITIONS = 100;

/** `<f or c>~<last activity>~<conversation>~<token>`. */
export function syncCursor({ full, position, token }: SyncPosition): string {
  const id = Buffer.from(position.conversationId).toString('base64url');
  return `${full ? 'f' : 'c'}~${position.lastActivityAt.toString(36)}~${id}~${token}`;
}

export function readSyncCursor(cursor: string): E.Either<Refusal, SyncPosition> {
  const [kind, activity = '', id = '', ...token] = cursor.split('~');
  const lastActivityAt = wholeNumber(activity);
  const conversationId = Buffer.from(id, 'base64url').toString();
  if ((kind !== 'f' && kind !== 'c') || lastActivityAt === undefined || token.length === 0)
    return E.left(refuse('InvalidParams', 'after is no nextCursor of session.sync; begin without it'));
  return E.right({
    full: kind === 'f',
    position: { lastActivityAt, conversationId },
    token: token.join('~'),
  });
}

function wholeNumber(text: string): number | undefined {
  if (!/^[0-9a-z]{1,11}$/.test(text)) return undefined;
  const value = Number.parseInt(text, 36);
  return Number.isSafeInteger(value) ? value : undefined;
}

/**
 * The places of a token for rows of a build that need not be the one it was made of. Windows begin with the first message that a build
 * has seen of them, so those of another build may begin earlier, where messages were erased since: then everything is looked at.
 */
export const placesIn = (schema: string, told: Told): readonly LogPlace[] =>
  told.schema === schema
    ? told.places
    : told.places.map((place) => ({ ...place, began: 0, receiptBegan: 0 }));

/** Whether a client was told of more than there is: of a log or read model that is not this one, or not that far yet. */
export function isAhead(told: readonly LogPlace[], now: readonly LogPlace[]): boolean {
  return told.some(({ partition, seq, receiptSeq }) => {
    const place = now.find((one) => one.partition === partition);
    return seq > (place?.seq ?? 0) || receiptSeq > (place?.receiptSeq ?? 0);
  });
}
