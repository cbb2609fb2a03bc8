import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Format } from '@parley/cli/replay/formats/open-sink';
import { sourcesOf } from '@parley/cli/replay/sources';
import { writeReplay } from '@parley/cli/replay/write-replay';
import { openLog } from '@parley/cli/terminal/log-access';
import { consumeBatches } from '@parley/infra/log/consume';
import { streamName } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';

/**
 * Reads the whole log, in a process of its own. Environment: NATS_URL, PARTITIONS, HOW, OUT. HOW is `ordered` (the client's ordered
 * consumer), `batches` (ours, and nothing done with what it gives), or a format, in which it is written to the file OUT. Says
 * `{took: {ms, cpuMs, events, peakMb}}` to its parent; the time is from before the first question to the broker to the end of the file.
 */
const { NATS_URL, PARTITIONS, HOW, OUT } = process.env as Record<string, string>;
const partitions = Array.from({ length: Number(PARTITIONS) }, (_, partition) => partition);
const startedAt = performance.now();
const before = process.cpuUsage();
const events = await (HOW === 'ordered'
  ? ordered()
  : HOW === 'batches'
    ? batches()
    : replayed(HOW as Format));
const ms = performance.now() - startedAt;
const { user, system } = process.cpuUsage(before);
const peakMb = process.resourceUsage().maxRSS / 1_024;
process.send?.({ took: { ms, cpuMs: (user + system) / 1_000, events, peakMb } }, () => process.exit(0));

async function ordered(): Promise<number> {
  const nats = await connectNats(NATS_URL as string, 'bench');
  const [js, jsm] = [jetstream(nats), await jetstreamManager(nats)];
  let read = 0;
  for (const partition of partitions) {
    const { last_seq } = (await jsm.streams.info(streamName(partition))).state;
    const consumer = await js.consumers.get(streamName(partition));
    const messages = await consumer.consume({ max_messages: 4_000 });
    for await (const message of messages) {
      read++;
      if (message.seq >= last_seq) break;
    }
  }
  return read;
}

async function batches(): Promise<number> {
  const nats = await connectNats(NATS_URL as string, 'bench');
  let read = 0;
  for (const partition of partitions)
    for await (const batch of consumeBatches(jetstream(nats), streamName(partition), 0, { follow: false }))
      read += batch.length;
  return read;
}

async function replayed(format: Format): Promise<number> {
  const log = await openLog(NATS_URL as string);
  const sources = await sourcesOf(log, {}, { follow: false });
  const { signal } = new AbortController();
  const replaying = {
    log,
    sources,
    selection: {},
    flags: {},
    vault: undefined,
    signal,
    onPassed: () => undefined,
  };
  const { events } = await writeReplay(replaying, { out: OUT as string, force: true, format }, undefined);
  return events;
}
