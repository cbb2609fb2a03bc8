import { covers } from '@parley/domain/conversation/covers';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { Watermarks } from '@parley/domain/wire/receipts';
import {
  type Unread,
  unreadAfterEvent,
  unreadAfterReceipt,
  unreadOf,
  unreadWithout,
} from '@parley/domain/wire/unread';
import type { ConversationView, MessageView } from '@parley/domain/wire/views';
import type { EventData } from '../event-data.js';
import { deleted, edited, sentView } from '../timeline/row.js';
import { withEnd } from './detail.js';

/** What is known of a conversation of the list, with what it takes to keep its unread count exact. */
export type Known = { readonly view: ConversationView; readonly count: Unread };

/** After an input: `isUncertain` where the server has to be asked to be exact again. */
export type Next = { readonly known: Known; readonly isUncertain: boolean };

/** As the server shows it, unless more is known already. */
export function knownOf(view: ConversationView, before?: Known): Next {
  if (before === undefined) return certain({ view, count: unreadOf(view) });
  if (before.view.revision > view.revision) return certain(before);
  const { read, delivered } = before.view;
  const fresh = { view: { ...view, delivered: Math.max(delivered, view.delivered) }, count: unreadOf(view) };
  return read > view.read ? foldReceipt(fresh, { read, delivered }) : certain(fresh);
}

/** After an event of the conversation. */
export function foldKnown(known: Known, event: LiveEvent, user: string): Next {
  const { view } = known;
  if (event.seq <= view.revision) return certain(known);
  if (event.seq > view.revision + 1) return { known, isUncertain: true };
  const count = unreadAfterEvent(known.count, event, user);
  const next = withCount({ ...viewAfter(view, event, user), revision: event.seq }, count ?? known.count);
  // What is the newest message once that one is gone the server says.
  const isUncertain =
    count === undefined ||
    (next.view.preview === null && (view.preview !== null || mayReveal.has(event.type)));
  return { known: next, isUncertain };
}

/** After these another message may be the newest, also where none was known to be: it ended here before the server said so. */
const mayReveal: ReadonlySet<string> = new Set<LiveEvent['type']>(['message.expired', 'member.erased']);

/** After a receipt of my own. */
export function foldReceipt(
  known: Known,
  receipt: Pick<Watermarks, 'read' | 'delivered'> & Partial<Pick<Watermarks, 'unread' | 'revision'>>,
): Next {
  const count = unreadAfterReceipt(known.count, receipt);
  const read = Math.max(known.view.read, receipt.read);
  const delivered = Math.max(known.view.delivered, receipt.delivered);
  const view = { ...known.view, read, delivered };
  return { known: withCount(view, count ?? known.count), isUncertain: count === undefined };
}

/** After the end of the message it previews; where that was unread, one less is. */
export function withoutPreview({ view, count }: Known): Known {
  const { preview } = view;
  if (preview === null) return { view, count };
  const isCounted = preview.deletedAt === undefined;
  return withCount({ ...view, preview: null }, isCounted ? unreadWithout(count, preview.seq) : count);
}

const certain = (known: Known): Next => ({ known, isUncertain: false });

const withCount = (view: ConversationView, count: Unread): Known => ({
  view: { ...view, unread: count.count },
  count,
});

function viewAfter(view: ConversationView, event: LiveEvent, user: string): ConversationView {
  const data = event.data as EventData;
  switch (event.type) {
    case 'message.sent':
      return { ...view, preview: sentView(event), lastActivityAt: Math.max(view.lastActivityAt, event.at) };
    case 'message.edited':
      return withPreview(view, data.seq, (preview) => edited(preview, data, event.at));
    case 'message.deleted':
      return withPreview(view, data.seq, (preview) => deleted(preview, event.at));
    case 'message.expired': {
      const seq = view.preview?.seq ?? 0;
      return covers(data.ranges, seq) ? { ...view, preview: null } : view;
    }
    case 'conversation.renamed':
      return data.title === undefined ? view : { ...view, title: data.title };
    case 'conversation.ttlSet':
      return { ...view, ttl: data.ttl };
    case 'conversation.closed':
      return { ...view, closed: true };
    case 'conversation.expirySet':
    case 'conversation.held':
    case 'conversation.released':
      return withEnd(view, event);
    case 'member.erased':
      return view.preview?.author === data.user && view.preview.deletedAt === undefined
        ? { ...view, preview: deleted(view.preview, event.at) }
        : view;
    case 'member.added': {
      const role = data.members.find((member) => member.user === user)?.role ?? view.role;
      return { ...view, role, memberCount: view.memberCount + data.members.length };
    }
    case 'member.removed':
      return { ...view, memberCount: view.memberCount - data.users.length };
    case 'member.left':
    case 'member.banned':
      return { ...view, memberCount: view.memberCount - 1 };
    case 'member.roleSet':
      return data.user === user ? { ...view, role: data.role } : view;
    default:
      return view;
  }
}

function withPreview(
  view: ConversationView,
  seq: number,
  change: (preview: MessageView) => MessageView,
): ConversationView {
  const { preview } = view;
  if (preview?.seq !== seq || preview.deletedAt !== undefined) return view;
  return { ...view, preview: change(preview) };
}
