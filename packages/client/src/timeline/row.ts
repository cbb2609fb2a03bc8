import type { Body } from '@parley/domain/conversation/body';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { MessageView, Sealed } from '@parley/domain/wire/views';

/** A message of the window: what is known of it, and the seq of the newest event that this takes in. */
export type Row = {
  readonly key: string;
  readonly view: MessageView;
  readonly asOf: number;
  /** Who has reacted how since it was read, by `emoji user`: a page gives counts, and an event may repeat what a count holds. */
  readonly reactors?: ReadonlyMap<string, boolean>;
  /** A count of reactions may be wrong by one: it is to be read again. */
  readonly isDoubtful?: true;
};

/** The message of a `message.sent`, as a page would have it. */
export function sentView({ seq, actor, at, data }: LiveEvent): MessageView {
  const { ordinal, body, sentAt, replyTo, expiresAt, sealed } = data as unknown as Omit<
    MessageView,
    'seq' | 'author' | 'at'
  >;
  return {
    seq,
    ordinal,
    author: actor,
    at,
    body: body ?? null,
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(sealed === undefined ? {} : { sealed }),
  };
}

/** A row after an event about it. Nothing changes a message that is deleted, and nothing counts twice. */
export function changedRow(row: Row, event: LiveEvent, user: string): Row {
  if (event.seq <= row.asOf || row.view.deletedAt !== undefined) return row;
  switch (event.type) {
    case 'message.edited':
      return { ...row, asOf: event.seq, view: edited(row.view, event.data, event.at) };
    case 'message.deleted':
      return { key: row.key, asOf: event.seq, view: deleted(row.view, event.at) };
    case 'message.reacted':
      return reactedRow(row, event, user);
    default:
      return row;
  }
}

/** What an edit says of its message: another body, or why that is not shown. */
type Edit = { readonly body?: Body | null; readonly sealed?: Sealed };

export function edited({ sealed: _, ...view }: MessageView, edit: Edit, editedAt: number): MessageView {
  const { body = null, sealed } = edit;
  return { ...view, body, editedAt, ...(sealed === undefined ? {} : { sealed }) };
}

/** A message that was deleted says no more when it was edited. */
export function deleted(
  { reactions: _, sealed: __, editedAt: ___, ...view }: MessageView,
  deletedAt: number,
): MessageView {
  return { ...view, body: null, deletedAt };
}

/** My own reaction is known for certain; that of others is counted, and doubted where it is the first heard of them. */
function reactedRow(row: Row, { seq, actor, data }: LiveEvent, user: string): Row {
  const { emoji, removed } = data as { emoji?: string; removed: boolean };
  const next = { ...row, asOf: seq };
  // Told after the end of the message: what it was is not said any more.
  if (emoji === undefined) return next;
  if (actor === user) return { ...next, view: withMine(row.view, emoji, !removed) };
  const name = `${emoji} ${actor}`;
  const known = row.reactors?.get(name);
  if (known === !removed) return next;
  return {
    ...next,
    view: counted(row.view, emoji, removed ? -1 : 1),
    reactors: new Map(row.reactors).set(name, !removed),
    ...(known === undefined ? { isDoubtful: true } : {}),
  };
}

/** With my reaction, or without it. */
export function withMine(view: MessageView, emoji: string, isThere: boolean): MessageView {
  const mine = view.reactions?.find((reaction) => reaction.emoji === emoji)?.mine ?? false;
  return mine === isThere ? view : counted(view, emoji, isThere ? 1 : -1, isThere);
}

type Reactions = NonNullable<MessageView['reactions']>;

function counted(
  { reactions = [], ...view }: MessageView,
  emoji: string,
  by: number,
  mine?: boolean,
): MessageView {
  const before = reactions.find((reaction) => reaction.emoji === emoji) ?? { emoji, count: 0, mine: false };
  const after = { emoji, count: before.count + by, mine: mine ?? before.mine };
  const others = reactions.filter((reaction) => reaction.emoji !== emoji);
  const all: Reactions = after.count > 0 ? [...others, after].sort(byEmoji) : others;
  return all.length === 0 ? view : { ...view, reactions: all };
}

const byEmoji = (one: Reactions[number], other: Reactions[number]): number =>
  one.emoji < other.emoji ? -1 : 1;

/** Rows are in the order of their seqs. -1 where there is none of this seq. */
export function indexOf(rows: readonly Row[], seq: number | undefined): number {
  if (seq === undefined) return -1;
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = (rows[middle] as Row).view.seq;
    if (at === seq) return middle;
    if (at < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
