import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { consumeBatches } from '@parley/infra/log/consume';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { openLatencies } from '../percentiles.js';

/** What the broker's own scheduled messages do: one schedule a subject, all of them in its memory. */
export type Fired = {
  /** From when the first was due until the last was in the stream, messages a second. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
};

const STREAM = 'SCHEDULED';

/**
 * Schedules messages, evenly spread over `span` ms from `first` on, and waits until they are there.
 *
 * @throws when they are not all scheduled before the first is due.
 */
export async function fireScheduled(
  nats: NatsConnection,
  count: number,
  first: number,
  span: number,
): Promise<Fired> {
  const jsm = await jetstreamManager(nats);
  await jsm.streams.add({
    name: STREAM,
    subjects: ['wait.*', 'fired.*'],
    storage: 'file',
    allow_msg_schedules: true,
  } as Parameters<typeof jsm.streams.add>[0]);
  const dueAt = (nth: number) => first + Math.floor((nth * span) / count);
  const window = openPublishWindow(nats, { queue: count });
  const outcomes = await Promise.all(
    Array.from({ length: count }, (_, nth) => {
      const schedule = `@at ${new Date(dueAt(nth)).toISOString()}`;
      const headers = `NATS/1.0\r\nNats-Schedule: ${schedule}\r\nNats-Schedule-Target: fired.${nth}\r\n\r\n`;
      return window.publish(`wait.${nth}`, String(nth), headers);
    }),
  );
  window.close();
  const lost = outcomes.find(({ tag }) => tag !== 'stored');
  if (lost !== undefined) throw new Error(`not scheduled: ${JSON.stringify(lost)}`);
  if (Date.now() > first) throw new Error('scheduling took longer than the time left for it');

  const late = openLatencies();
  let last = 0;
  const stop = new AbortController();
  for await (const batch of consumeBatches(jetstream(nats), STREAM, 0, { signal: stop.signal })) {
    for (const { subject, bytes, storedAt } of batch) {
      if (!subject.startsWith('fired.')) continue;
      late.add(storedAt - dueAt(Number(Buffer.from(bytes).toString())));
      last = Math.max(last, storedAt);
      if (late.count === count) stop.abort();
    }
  }
  await jsm.streams.delete(STREAM);
  return { perSecond: count / ((last - first) / 1_000), p50: late.at(50), p99: late.at(99) };
}
