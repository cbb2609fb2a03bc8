import type { OpaqueBody } from '../conversation/body.js';
import type { Envelope } from '../log/envelope.js';

/** Where a body lies: bound to it by the seal, so that it opens nowhere else. `seq` is the message's, also of an edit. */
export type BodyPlace = { readonly conversationId: string; readonly seq: number; readonly author: string };

export type Closed = { readonly place: BodyPlace; readonly opaque: OpaqueBody };

/** The body of an event, where it has one. Only its author edits a message. */
export function bodyIn({ conversationId, seq, actor, type, data }: Envelope): Closed | undefined {
  switch (type) {
    case 'message.sent':
      return { place: { conversationId, seq, author: actor }, opaque: data.body };
    case 'message.edited':
      return { place: { conversationId, seq: data.seq, author: actor }, opaque: data.body };
    default:
      return undefined;
  }
}

/** An event with another body in the place of its own; one without a body is as it was. */
export const withBody = (event: Envelope, body: OpaqueBody): Envelope =>
  event.type === 'message.sent' || event.type === 'message.edited'
    ? ({ ...event, data: { ...event.data, body } } as Envelope)
    : event;
