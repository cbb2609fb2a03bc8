import type { Envelope } from '@parley/domain/log/envelope';
import type { ConversationChanges, SentMessage } from './changes.js';

export type EventOf<T extends Envelope['type']> = Extract<Envelope, { type: T }>;

/** Messages that were sent in the step are changed in place by what follows. */
export function send(changes: ConversationChanges, event: EventOf<'message.sent'>): void {
  const row = rowOf(event);
  count(changes, row);
  if (!changes.sent.has(row.seq)) changes.sent.set(row.seq, row);
}

/** A message as it was when it was sent. */
export const rowOf = ({ seq, at, actor, data }: EventOf<'message.sent'>): SentMessage => ({
  seq,
  ordinal: data.ordinal,
  author: actor,
  at,
  sentAt: data.sentAt ?? null,
  replyTo: data.replyTo ?? null,
  expiresAt: data.expiresAt ?? null,
  editedAt: null,
  deletedAt: null,
  expired: false,
  body: data.body,
});

/** What a message does to its conversation, however often it is told. */
export function count(changes: ConversationChanges, { ordinal, at }: SentMessage): void {
  changes.messages = Math.max(changes.messages, ordinal);
  changes.lastActivityAt = Math.max(changes.lastActivityAt, at);
}

export function edit(changes: ConversationChanges, { seq, at, data }: EventOf<'message.edited'>): void {
  const message = data.seq < seq ? changing(changes, data.seq) : undefined;
  if (message === undefined) return;
  message.body = data.body;
  message.editedAt = at;
}

export function tombstone(changes: ConversationChanges, { seq, at, data }: EventOf<'message.deleted'>): void {
  const message = data.seq < seq ? changing(changes, data.seq) : undefined;
  if (message === undefined) return;
  message.body = null;
  message.editedAt = null;
  message.deletedAt = at;
}

/** The message to change, unless it is deleted or expired as far as this batch tells. */
function changing(
  changes: ConversationChanges,
  seq: number,
): Pick<SentMessage, 'body' | 'editedAt' | 'deletedAt'> | undefined {
  const sent = changes.sent.get(seq);
  if (sent !== undefined) return sent.deletedAt === null && !sent.expired ? sent : undefined;
  if (changes.expired.some(({ from, to }) => from <= seq && seq <= to)) return undefined;
  let amendment = changes.amended.get(seq);
  if (amendment === undefined) {
    amendment = { body: null, editedAt: null, deletedAt: null };
    changes.amended.set(seq, amendment);
  }
  return amendment.deletedAt === null ? amendment : undefined;
}

export function react({ reactions }: ConversationChanges, event: EventOf<'message.reacted'>): void {
  const { actor, data } = event;
  const { seq, emoji, removed } = data;
  if (seq >= event.seq) return;
  reactions.set(`${seq} ${actor} ${emoji}`, { seq, emoji, user: actor, present: !removed });
}

export function pin(
  { pins }: ConversationChanges,
  { seq, at, actor, data }: EventOf<'message.pinned'>,
): void {
  const before = pins.get(data.seq);
  if (data.seq >= seq || before?.pin !== undefined) return;
  pins.set(data.seq, { wasUnpinned: before !== undefined, pin: { by: actor, at } });
}

/** A range reaches what was sent before it and nothing that is sent later. */
export function expire(changes: ConversationChanges, { seq, data }: EventOf<'message.expired'>): void {
  for (const [from, last] of data.ranges) {
    const to = Math.min(last, seq - 1);
    if (from > to) continue;
    changes.expired.push({ from, to });
    for (const sent of changes.sent.values()) {
      if (sent.seq < from || sent.seq > to) continue;
      sent.expired = true;
      sent.body = null;
      sent.editedAt = null;
    }
  }
}
