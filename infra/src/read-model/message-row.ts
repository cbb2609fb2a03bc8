import type { Closed } from '@parley/domain/sealing/closed';
import { type Opened, shown } from '@parley/domain/sealing/opened';
import type { MessageView } from '@parley/domain/wire/views';

/** A message as the read model has it: Postgres and the cached newest page alike. Times are ms since 1970 UTC. */
export type MessageRow = {
  readonly seq: number;
  readonly ordinal: number;
  readonly author: string;
  readonly at: number;
  readonly sentAt: number | null;
  readonly replyTo: number | null;
  readonly expiresAt: number | null;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
  /** Opaque; null once deleted. */
  readonly body: string | null;
  /** Sorted by emoji. */
  readonly reactions: readonly Reaction[];
  /** Replies that are shown; left out where there are none, or the build does not know them. */
  readonly replies?: number;
};

export type Reaction = {
  readonly emoji: string;
  readonly count: number;
  /** Who reacted so. A row that was read for one person names that person alone; a cached one names everybody. */
  readonly users: readonly string[];
};

/** Columns of a message row, of a table called `alias`, in the order of `readMessageRow`. */
export const messageColumns = (alias: string): string =>
  [
    'seq',
    'ordinal',
    'author',
    'at',
    'sent_at',
    'reply_to',
    'expires_at',
    'edited_at',
    'deleted_at',
    'body',
    'reactions',
  ]
    .map((column) => `${alias}.${column}`)
    .join(', ');

export const MESSAGE_COLUMNS = 11;

/** A row as the driver gives it in array mode, from column `at` on. Its reactions are a count: who they are comes later. */
export function readMessageRow(values: readonly unknown[], at = 0): { row: MessageRow; reactions: number } {
  const row: MessageRow = {
    seq: Number(values[at]),
    ordinal: Number(values[at + 1]),
    author: values[at + 2] as string,
    at: Number(values[at + 3]),
    sentAt: numberOrNull(values[at + 4]),
    replyTo: numberOrNull(values[at + 5]),
    expiresAt: numberOrNull(values[at + 6]),
    editedAt: numberOrNull(values[at + 7]),
    deletedAt: numberOrNull(values[at + 8]),
    body: values[at + 9] as string | null,
    reactions: [],
  };
  return { row, reactions: Number(values[at + 10]) };
}

/** The body of a message of this conversation, where it still has one. */
export const bodyOf = (conversationId: string, { seq, author, body }: MessageRow): Closed | undefined =>
  body === null ? undefined : { place: { conversationId, seq, author }, opaque: body };

/**
 * A message as `reader` gets it. Whether it may be shown at all, being past `expiresAt` or not, is `isShown`'s to say.
 *
 * @param opened what became of its body; undefined where it has none.
 */
export function toMessageView(row: MessageRow, reader: string, opened: Opened | undefined): MessageView {
  const { seq, ordinal, author, at, sentAt, replyTo, expiresAt, editedAt, deletedAt, reactions, replies } =
    row;
  return {
    seq,
    ordinal,
    author,
    at,
    ...(opened === undefined ? { body: null } : shown(opened)),
    ...(sentAt === null ? {} : { sentAt }),
    ...(replyTo === null ? {} : { replyTo }),
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(editedAt === null ? {} : { editedAt }),
    ...(deletedAt === null ? {} : { deletedAt }),
    ...(reactions.length === 0 ? {} : { reactions: reactions.map((reaction) => tally(reaction, reader)) }),
    ...(replies === undefined ? {} : { replies }),
  };
}

/** Whether a message may be shown at the time `now`: its life is not over, however late its tombstone is. */
export const isShown = ({ expiresAt }: Pick<MessageRow, 'expiresAt'>, now: number): boolean =>
  expiresAt === null || expiresAt > now;

const tally = ({ emoji, count, users }: Reaction, reader: string) => ({
  emoji,
  count,
  mine: users.includes(reader),
});

const numberOrNull = (value: unknown): number | null => (value === null ? null : Number(value));
