import { jetstreamManager } from '@nats-io/jetstream';
import { streamName } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import pg from 'pg';

/** Events of the log that are not in committed rows yet, over all partitions. */
export async function projectorLag(natsUrl: string, databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const nats = await connectNats(natsUrl, 'bench-lag');
  try {
    const { rows } = await client.query<{ partition: number; stream_seq: string }>(
      `select partition, stream_seq from rm_1.checkpoint where projection = 'timeline'`,
    );
    const jsm = await jetstreamManager(nats);
    let lag = 0;
    for (let partition = 0; partition < SYSTEM_PARTITIONS; partition++) {
      const { state } = await jsm.streams.info(streamName(partition));
      lag += state.last_seq - Number(rows.find((row) => row.partition === partition)?.stream_seq ?? 0);
    }
    return lag;
  } finally {
    await nats.close();
    await client.end();
  }
}
