import { constants, setPriority } from 'node:os';
import { jetstream } from '@nats-io/jetstream';
import { promoteVersion } from '@parley/infra/read-model/versions';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { createLog } from '@parley/infra/runtime/log';
import { evenPace, unpaced } from '@parley/projector/rebuild/pace';
import { rebuild } from '@parley/projector/rebuild/rebuild';
import type { Rebuilt } from '@parley/projector/rebuild/report';

/**
 * A rebuild in a process of its own, as `parley projections rebuild` is, and the switch to what it built. Environment: NATS_URL, DATABASE_URL,
 * PARTITIONS, AT_ONCE, and THROTTLE in events a second, 0 for none. Says `{begun: version}` and `{switched: …}` to its parent.
 */
const { NATS_URL, DATABASE_URL, PARTITIONS, AT_ONCE, THROTTLE } = process.env as Record<string, string>;
const throttle = Number(THROTTLE);
if (throttle > 0) setPriority(constants.priority.PRIORITY_LOW);
const nats = await connectNats(NATS_URL as string, 'rebuild');
const database = connectPostgres(DATABASE_URL as string, {
  name: 'rebuild',
  log: createLog('bench', 'fatal'),
  max: 2,
});
const js = jetstream(nats);
const jsm = await js.jetstreamManager(false);

export type Switched = Rebuilt & { readonly toSwitchMs: number; readonly cpuMs: number };

const before = process.cpuUsage();
const startedAt = performance.now();
const rebuilt = await rebuild(
  {
    database,
    databaseUrl: DATABASE_URL as string,
    js,
    jsm,
    partitions: Number(PARTITIONS),
    atOnce: Number(AT_ONCE),
    pace: throttle > 0 ? evenPace(throttle) : unpaced,
    onReport: (report) => {
      if (report.tag === 'begun') process.send?.({ begun: report.version });
    },
  },
  new AbortController().signal,
);
await promoteVersion(database, rebuilt.version, { unverified: true });
const toSwitchMs = performance.now() - startedAt;
const { user, system } = process.cpuUsage(before);
process.send?.({ switched: { ...rebuilt, toSwitchMs, cpuMs: (user + system) / 1_000 } satisfies Switched });
process.disconnect?.();
process.exit(0);
