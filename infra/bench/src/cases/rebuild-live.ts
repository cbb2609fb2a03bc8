import { connectNats } from '@parley/infra/runtime/connect-nats';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { type Case, median } from '../case.js';
import { startChild } from '../chain/child.js';
import { dropBuild } from '../chain/drop-build.js';
import { startOurChain } from '../chain/our-chain.js';
import { type PairsResult, runPairs } from '../chain/pairs.js';
import { projectorLag } from '../chain/projector-lag.js';
import { ourPairs } from '../chain/protocols.js';
import { storeReplayLog } from '../chain/store-replay-log.js';
import { withStack } from '../with-stack.js';

const RATE = 500;
const PAIRS = 50;
const THROTTLE = 5_000;

/** What people notice of a rebuild that is held back. */
export const rebuildLive: Case = {
  name: 'rebuild-live',
  about: `send to delivery at ${RATE} msg/s during a rebuild throttled to ${THROTTLE.toLocaleString('en')} events/s, and without`,
  async run({ quick, say }) {
    const seconds = quick ? 5 : 20;
    const rounds = quick ? 2 : 5;
    return withStack(true, async (stack) => {
      const chain = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const events = THROTTLE * (seconds + 10);
      say(`storing ${events.toLocaleString('en')} events, and waiting for their rows`);
      await storeReplayLog(nats, events, 2_000, SYSTEM_PARTITIONS);
      await nats.close();
      await waitFor(async () => (await projectorLag(stack.nats, stack.database)) === 0, {
        what: 'the live version',
        timeout: 300_000,
      });
      const client = new pg.Client({ connectionString: stack.database });
      client.on('error', () => undefined);
      await client.connect();
      const people = ourPairs(chain, PAIRS);

      async function during(): Promise<PairsResult> {
        const child = startChild('rebuild-run', {
          NATS_URL: stack.nats,
          DATABASE_URL: stack.database,
          PARTITIONS: String(SYSTEM_PARTITIONS),
          AT_ONCE: '1',
          THROTTLE: String(THROTTLE),
        });
        const version = await child.hear<number>('begun');
        const ended = child.hear('switched').then(
          () => true,
          () => false,
        );
        const result = await runPairs(people, RATE, seconds);
        process.kill(child.pid, 'SIGKILL');
        if (await ended) throw new Error('the rebuild was over before the measurement was');
        await dropBuild(client, version);
        return result;
      }

      const results: { readonly quiet: PairsResult; readonly loaded: PairsResult }[] = [];
      for (let round = 0; round < rounds; round++) {
        if (round % 2 === 0) {
          const quiet = await runPairs(people, RATE, seconds);
          results.push({ quiet, loaded: await during() });
        } else {
          const loaded = await during();
          results.push({ quiet: await runPairs(people, RATE, seconds), loaded });
        }
        const { quiet, loaded } = results.at(-1) as (typeof results)[number];
        say(
          `p99 ${loaded.delivery.at(99).toFixed(2)} ms during a rebuild, ${quiet.delivery.at(99).toFixed(2)} ms without`,
        );
      }
      await client.end();
      await chain.stop();
      const p99 = (pick: 'quiet' | 'loaded') => median(results.map((each) => each[pick].delivery.at(99)));
      const ratio = median(
        results.map(({ quiet, loaded }) => loaded.delivery.at(99) / quiet.delivery.at(99)),
      );
      const lost = results.reduce((sum, { quiet, loaded }) => sum + quiet.lost + loaded.lost, 0);
      const p50 = (pick: 'quiet' | 'loaded') => median(results.map((each) => each[pick].delivery.at(50)));
      return [
        {
          name: `send to delivery at ${RATE}/s during a rebuild, p99`,
          unit: 'ms',
          ours: p99('loaded'),
          ceiling: p99('quiet'),
          ratio,
          target: '<= 1.5',
          met: ratio <= 1.5 && lost === 0,
          note: `throttled to ${THROTTLE.toLocaleString('en')} events/s, against without; p50 ${p50('loaded').toFixed(2)} and ${p50('quiet').toFixed(2)} ms; ${lost} lost`,
        },
      ];
    });
  },
};
