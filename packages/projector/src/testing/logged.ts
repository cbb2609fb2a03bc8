import type { Envelope } from '@parley/domain/log/envelope';
import type { LoggedMessage } from '@parley/infra/log/delivery';

/** Events as the log would give them, from the stream sequence `first` on. */
export const logged = (events: readonly Envelope[], first = 1): readonly LoggedMessage[] =>
  events.map((event, index) => ({
    streamSeq: first + index,
    subject: `conv.00.${event.conversationId}`,
    bytes: Buffer.from(JSON.stringify(event)),
    storedAt: event.at,
    pending: events.length - index - 1,
    headers: undefined,
  }));
