import type { Envelope } from '@parley/domain/log/envelope';
import { encodeAdvance, encodeRow, PAGE_ROWS, sentRow } from '@parley/infra/read-model/newest-page';

/**
 * What a batch does to the cached page of a conversation: rows to append to a page that is at the revision `from`, or
 * `reread` where older rows change or an event is missing in between.
 */
export type PageAdvance =
  | { readonly tag: 'append'; readonly conversationId: string; readonly from: number; readonly text: string }
  | { readonly tag: 'reread'; readonly conversationId: string };

/** Pure: the advance of each conversation in a committed batch. */
export function pageAdvances(events: readonly Envelope[]): readonly PageAdvance[] {
  const byConversation = Map.groupBy(events, ({ conversationId }) => conversationId);
  return [...byConversation].map(([conversationId, own]) => advanceOf(conversationId, own));
}

function advanceOf(conversationId: string, events: readonly Envelope[]): PageAdvance {
  const first = events[0] as Envelope;
  const lines: string[] = [];
  let revision = first.seq - 1;
  for (const event of events) {
    if (event.seq !== ++revision || changesRows(event)) return { tag: 'reread', conversationId };
    if (event.type === 'message.sent') lines.push(encodeRow(sentRow(event)));
  }
  const text = encodeAdvance(revision, lines.slice(-PAGE_ROWS));
  return { tag: 'append', conversationId, from: first.seq - 1, text };
}

const CHANGES_ROWS: ReadonlySet<Envelope['type']> = new Set([
  'message.edited',
  'message.deleted',
  'message.reacted',
  'message.expired',
  'message.erased',
  'member.erased',
  'conversation.erased',
]);

const changesRows = ({ type }: Envelope): boolean => CHANGES_ROWS.has(type);
