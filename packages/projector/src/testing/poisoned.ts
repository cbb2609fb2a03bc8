import type { Envelope } from '@parley/domain/log/envelope';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import type { Projection } from '../projection.js';
import { timeline } from '../timeline/projection.js';

/** The same event, of a type that only a later release knows. */
export const poisoned = (event: Envelope): Envelope =>
  ({ ...event, type: `later.${event.type}` }) as unknown as Envelope;

/** The timeline as that release projects it. */
export const laterTimeline: Projection = {
  ...timeline,
  prepare: (messages, withheld, refused) => timeline.prepare(messages.map(cured), withheld, refused),
};

const cured = ({ streamSeq, subject, bytes, storedAt, pending }: LoggedMessage): LoggedMessage => ({
  streamSeq,
  subject,
  bytes: Buffer.from(Buffer.from(bytes).toString().replace('"type":"later.', '"type":"')),
  storedAt,
  pending,
  headers: undefined,
});
