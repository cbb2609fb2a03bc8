import type { Envelope } from '@parley/domain/log/envelope';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import type { Projection } from '../projection.js';
import { timeline } from '../timeline/projection.js';

/** The same event, of a type that only a later release knows; done twice, only the latest. */
export const poisoned = (event: Envelope): Envelope =>
  ({ ...event, type: `later.${event.type}` }) as unknown as Envelope;

/** The timeline as that release projects it. */
export const laterTimeline: Projection = timelineThatKnows(/"type":"later\./);

/** The same of the latest one. */
export const latestTimeline: Projection = timelineThatKnows(/"type":"(later\.)+/);

function timelineThatKnows(prefix: RegExp): Projection {
  const cured = ({ streamSeq, subject, bytes, storedAt, pending }: LoggedMessage): LoggedMessage => ({
    streamSeq,
    subject,
    bytes: Buffer.from(Buffer.from(bytes).toString().replace(prefix, '"type":"')),
    storedAt,
    pending,
    headers: undefined,
  });
  return {
    ...timeline,
    prepare: (messages, withheld, refused) => timeline.prepare(messages.map(cured), withheld, refused),
  };
}
