import { covers } from '@parley/domain/conversation/covers';
import type { Envelope } from '@parley/domain/log/envelope';
import type { MessageRow, Reaction } from './message-row.js';

/**
 * The newest messages of a conversation at a revision, oldest first, as Redis keeps them: deleted ones included, expired
 * ones not. Whoever serves a page compares its revision with that of the folded state.
 */
export type NewestPage = { readonly revision: number; readonly messages: readonly MessageRow[] };

/** Rows that a page is good for: the default page, and one more that says whether there are more. */
export const PAGE_ROWS = 51;

/** Bytes of rows kept in a page; rows beyond are left out, and with them the page's use for longer reads. */
export const MAX_PAGE_BYTES = 262_144;

/** Reactions kept with one message; a conversation with a message that has more is read from Postgres. */
export const MAX_CACHED_REACTIONS = 200;

/** Each build has pages of its own: what one says is never shown as another's. */
export const pageKey = (schema: string, conversationId: string): string => `page:${schema}:${conversationId}`;

/** Keys of all pages of a build. */
export const pagesOf = (schema: string): string => `page:${schema}:*`;

/**
 * A page is text: a line of JSON per row, then `#<revision>`. Newer events append lines and a new revision, so that a
 * message costs its own bytes and not those of fifty others; what is in the text before the newest rows is history.
 */
export function encodePage({ revision, messages }: NewestPage): string {
  const lines = messages.slice(-PAGE_ROWS).map(encodeRow);
  let bytes = 0;
  const kept = lines.findLastIndex((line) => {
    bytes += Buffer.byteLength(line);
    return bytes > MAX_PAGE_BYTES;
  });
  return encodeAdvance(revision, lines.slice(kept + 1));
}

/** Text that brings a page to `revision` when appended to it: lines by `encodeRow`. */
export const encodeAdvance = (revision: number, lines: readonly string[]): string =>
  `${lines.join('')}#${revision}\n`;

export const encodeRow = (row: MessageRow): string =>
  `${JSON.stringify([
    row.seq,
    row.ordinal,
    row.author,
    row.at,
    row.sentAt,
    row.replyTo,
    row.expiresAt,
    row.editedAt,
    row.deletedAt,
    row.body,
    row.reactions.map(({ emoji, users }) => [emoji, users]),
  ])}\n`;

/** The page in a text of Redis, or undefined when it is none: a stale or broken page costs time, never truth. */
export function decodePage(text: string): NewestPage | undefined {
  const trailer = text.lastIndexOf('#');
  const revision = /^#(\d{1,16})\n$/.exec(text.slice(trailer))?.[1];
  if (trailer < 0 || revision === undefined) return undefined;
  try {
    const rows = JSON.parse(`[${newestLines(text.slice(0, trailer)).join(',')}]`) as EncodedRow[];
    return { revision: Number(revision), messages: rows.map(decodeRow) };
  } catch {
    return undefined;
  }
}

/**
 * The page brought forward by later events of its conversation, in their order: what a read gets while Postgres is down.
 * Expired rows stay as rows whose life is over, so that a page never looks complete because of them.
 */
export function foldForward(page: NewestPage, events: readonly Envelope[]): NewestPage {
  const rows = new Map(page.messages.map((row) => [row.seq, row]));
  let { revision } = page;
  for (const event of events) {
    if (event.seq <= revision) continue;
    revision = event.seq;
    applyToRows(rows, event);
  }
  return { revision, messages: [...rows.values()].slice(-PAGE_ROWS) };
}

function applyToRows(rows: Map<number, MessageRow>, event: Envelope): void {
  switch (event.type) {
    case 'message.sent':
      rows.set(event.seq, sentRow(event));
      return;
    case 'message.edited':
      return amend(rows, event.data.seq, (row) => ({ ...row, body: event.data.body, editedAt: event.at }));
    case 'message.deleted':
      return amend(rows, event.data.seq, (row) => ({
        ...row,
        ...deletedAt(event.at),
      }));
    case 'message.reacted':
      return amend(rows, event.data.seq, (row) => ({
        ...row,
        reactions: react(row.reactions, event.data.emoji, event.actor, event.data.removed),
      }));
    case 'message.expired':
      for (const seq of rows.keys()) {
        if (seq < event.seq && covers(event.data.ranges, seq)) bury(rows, seq);
      }
      return;
    case 'member.erased':
      for (const seq of rows.keys()) amend(rows, seq, (row) => withoutPerson(row, event.data.user, event.at));
      return;
    case 'conversation.erased':
      rows.clear();
      return;
    default:
      return;
  }
}

/** The row of a message when it was sent. */
export function sentRow(event: Extract<Envelope, { type: 'message.sent' }>): MessageRow {
  const { ordinal, body, sentAt, replyTo, expiresAt } = event.data;
  return {
    seq: event.seq,
    ordinal,
    author: event.actor,
    at: event.at,
    sentAt: sentAt ?? null,
    replyTo: replyTo ?? null,
    expiresAt: expiresAt ?? null,
    editedAt: null,
    deletedAt: null,
    body,
    reactions: [],
  };
}

/** Nothing changes a message that is deleted or expired. */
function amend(rows: Map<number, MessageRow>, seq: number, change: (row: MessageRow) => MessageRow): void {
  const row = rows.get(seq);
  if (row !== undefined && row.deletedAt === null && row.expiresAt !== LONG_OVER) rows.set(seq, change(row));
}

const deletedAt = (at: number) => ({ body: null, editedAt: null, deletedAt: at, reactions: [] });

function withoutPerson(row: MessageRow, user: string, at: number): MessageRow {
  if (row.author === user) return { ...row, ...deletedAt(at) };
  const reactions = row.reactions.map(({ emoji, users }) => ({
    emoji,
    users: users.filter((name) => name !== user),
  }));
  return {
    ...row,
    reactions: reactions.flatMap(({ emoji, users }) =>
      users.length === 0 ? [] : [{ emoji, count: users.length, users }],
    ),
  };
}

const LONG_OVER = 0;

function bury(rows: Map<number, MessageRow>, seq: number): void {
  const row = rows.get(seq);
  if (row !== undefined) rows.set(seq, { ...row, body: null, expiresAt: LONG_OVER, reactions: [] });
}

function react(
  reactions: readonly Reaction[],
  emoji: string,
  user: string,
  removed: boolean,
): readonly Reaction[] {
  const others = reactions.filter((reaction) => reaction.emoji !== emoji);
  const users = (reactions.find((reaction) => reaction.emoji === emoji)?.users ?? []).filter(
    (name) => name !== user,
  );
  const now = removed ? users : [...users, user];
  const all = now.length === 0 ? others : [...others, { emoji, count: now.length, users: now }];
  return all.toSorted((a, b) => (a.emoji < b.emoji ? -1 : 1));
}

type EncodedRow = readonly [
  seq: number,
  ordinal: number,
  author: string,
  at: number,
  sentAt: number | null,
  replyTo: number | null,
  expiresAt: number | null,
  editedAt: number | null,
  deletedAt: number | null,
  body: string | null,
  reactions: readonly (readonly [emoji: string, users: readonly string[]])[],
];

function decodeRow([
  seq,
  ordinal,
  author,
  at,
  sentAt,
  replyTo,
  expiresAt,
  editedAt,
  deletedAt,
  body,
  who,
]: EncodedRow): MessageRow {
  const reactions = who.map(([emoji, users]) => ({ emoji, count: users.length, users }));
  return { seq, ordinal, author, at, sentAt, replyTo, expiresAt, editedAt, deletedAt, body, reactions };
}

/** The newest rows of a page's text, oldest first; lines that hold a revision are passed over. */
function newestLines(text: string): readonly string[] {
  const lines: string[] = [];
  let end = text.length - 1;
  while (end > 0 && lines.length < PAGE_ROWS) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    if (text[start] !== '#') lines.push(text.slice(start, end));
    end = start - 1;
  }
  return lines.reverse();
}
