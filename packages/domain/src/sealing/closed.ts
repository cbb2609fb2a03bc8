import type { OpaqueBody } from '../conversation/body.js';
import type { Envelope } from '../log/envelope.js';

/** Where a body lies: bound to it by the seal, so that it opens nowhere else. `seq` is the message's, also of an edit. */
export type BodyPlace = { readonly conversationId: string; readonly seq: number; readonly author: string };

export type Closed = { readonly place: BodyPlace; readonly opaque: OpaqueBody };

/**
 * Whose secret titles are sealed under: no person's, or erasing whoever named a group would take its name. Not a possible UserId,
 * so nobody can be called so.
 */
const TITLE_AUTHOR = '@title';

/** A title of a conversation. All titles of one lie at one place, because states and rows have the newest alone. */
export const closedTitle = (conversationId: string, opaque: OpaqueBody): Closed => ({
  place: { conversationId, seq: 0, author: TITLE_AUTHOR },
  opaque,
});

/** What an event says that is sealed: a body or a title, where it has one. Only its author edits a message. */
export function closedIn({ conversationId, seq, actor, type, data }: Envelope): Closed | undefined {
  switch (type) {
    case 'message.sent':
      return { place: { conversationId, seq, author: actor }, opaque: data.body };
    case 'message.edited':
      return { place: { conversationId, seq: data.seq, author: actor }, opaque: data.body };
    case 'conversation.created':
    case 'conversation.renamed':
      return data.title === undefined ? undefined : closedTitle(conversationId, data.title);
    default:
      return undefined;
  }
}

/** An event with something else in the place of what is closed in it; one that has nothing such is as it was. */
export function withClosed(event: Envelope, opaque: OpaqueBody): Envelope {
  switch (event.type) {
    case 'message.sent':
      return { ...event, data: { ...event.data, body: opaque } };
    case 'message.edited':
      return { ...event, data: { ...event.data, body: opaque } };
    case 'conversation.created':
      return event.data.title === undefined ? event : { ...event, data: { ...event.data, title: opaque } };
    case 'conversation.renamed':
      return { ...event, data: { title: opaque } };
    default:
      return event;
  }
}
