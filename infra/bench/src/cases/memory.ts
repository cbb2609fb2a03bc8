import { setTimeout as sleep } from 'node:timers/promises';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import type { Case } from '../case.js';
import { gather, tokensOf, withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { startOurChain } from '../chain/our-chain.js';
import { residentBytes } from '../chain/process-figures.js';
import { withStack } from '../with-stack.js';

const LIMIT = 8;

/** What a session that does nothing keeps of a gateway's memory, everyone in one conversation with one other. */
export const memory: Case = {
  name: 'memory',
  about: 'RSS of a gateway per idle authenticated connection, 10,000 people in conversations of two',
  async run({ quick, say }) {
    const people = quick ? 2_000 : 10_000;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const users = Array.from({ length: people }, (_, n) => `u${n}`);
      await withPast(
        stack,
        nats,
        users.flatMap((user, n) => (n % 2 === 0 ? groupOf(`two-${n}`, [user, users[n + 1] as string]) : [])),
      );
      const tokens = await tokensOf(system, users);
      const gateway = system.services.get('gateway')?.[0]?.pid as number;

      const empty = await settled(gateway);
      const crowd = await gather(system.ws, tokens.slice(0, people / 2));
      const half = await settled(gateway);
      await crowd.join(tokens.slice(people / 2));
      const full = await settled(gateway);
      say(
        `RSS ${mib(empty)} MiB empty, ${mib(half)} with half, ${mib(full)} with ${people.toLocaleString('en')}`,
      );
      await crowd.stop();
      await nats.close();
      await system.stop();

      const each = (full - empty) / people / 1024;
      return [
        {
          name: `gateway memory per idle connection, of ${people.toLocaleString('en')}`,
          unit: 'KiB',
          ours: each,
          target: `<= ${LIMIT} KiB`,
          met: each <= LIMIT,
          note: `RSS ${mib(empty)} to ${mib(full)} MiB; second half alone ${((full - half) / (people / 2) / 1024).toFixed(1)} KiB each`,
        },
      ];
    });
  },
};

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** RSS once it has stayed within 1 % for three seconds. */
async function settled(pid: number): Promise<number> {
  let reference = residentBytes(pid);
  for (let calm = 0; calm < 6; calm++) {
    await sleep(500);
    const now = residentBytes(pid);
    if (Math.abs(now - reference) < reference / 100) continue;
    reference = now;
    calm = -1;
  }
  return residentBytes(pid);
}
