import { setTimeout as sleep } from 'node:timers/promises';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { Redis } from 'ioredis';
import type { WebSocket } from 'ws';
import type { Case } from '../case.js';
import { gather, tokensOf, withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { ask, type OurChain, startOurChain } from '../chain/our-chain.js';
import { openSocket } from '../chain/pairs.js';
import { atRate } from '../chain/rate.js';
import { openLatencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const WATCHERS = 20;
const CHANGING = 200;
const RATE = 200;

/** How soon a change is told from one gateway to another, and what people cost who do nothing. */
export const presence: Case = {
  name: 'presence',
  about: `${RATE} people a second change, ${WATCHERS} on another gateway watch all of them; then thousands who do nothing`,
  async run({ quick, say }) {
    const idle = quick ? 1_000 : 10_000;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const second = await system.add('gateway');
      const nats = await connectNats(stack.nats, 'bench');
      const named = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what}${n}`);
      const [watchers, changing, crowd] = [named('w', WATCHERS), named('c', CHANGING), named('idle', idle)];
      await withPast(stack, nats, groupOf('everybody', [...watchers, ...changing, ...crowd]));

      say(`${CHANGING} people come, ${WATCHERS} watch them`);
      const people = await Promise.all(
        changing.map((user) => openAt(system, second.info.ws as string, user)),
      );
      const watching = await Promise.all(watchers.map((user) => system.session(user)));
      for (const socket of watching) await ask(socket, 'presence.watch', { users: changing });
      const told = await tellRounds(people, watching, quick ? 3 : 15);

      say(`${idle.toLocaleString('en')} come and do nothing`);
      const crowded = await gather(system.ws, await tokensOf(system, crowd));
      const redis = new Redis(stack.redis);
      await settled(redis);
      const seconds = quick ? 5 : 20;
      const before = await commandsOf(redis);
      await sleep(seconds * 1_000);
      const perSecond = ((await commandsOf(redis)) - before - 1) / seconds;
      redis.disconnect();
      for (const socket of [...people, ...watching]) socket.terminate();
      await crowded.stop();
      await nats.close();
      await system.stop();
      return [
        {
          name: `a change of presence told on another gateway, ${RATE} a second to ${WATCHERS} watchers, p99`,
          unit: 'ms',
          ours: told.latencies.at(99),
          target: '< 1,000 ms',
          met: told.latencies.at(99) < 1_000 && told.missing === 0,
          note: `p50 ${told.latencies.at(50).toFixed(2)} ms; ${told.missing} not told`,
        },
        {
          name: `commands to Redis with ${idle.toLocaleString('en')} people who do nothing, two gateways`,
          unit: 'per s',
          ours: perSecond,
          target: '<= 20 a gateway, and one a minute and person',
          met: perSecond <= 2 * 20 + idle / 60,
          note: 'those in scripts count too: heartbeats, and everyone put again within ten minutes, watched ones looked at within one',
        },
      ];
    });
  },
};

async function openAt(system: OurChain, ws: string, user: string): Promise<WebSocket> {
  const socket = await openSocket(ws, ['parley.v1']);
  await ask(socket, 'session.open', { token: await system.token(user), device: 'd1' });
  return socket;
}

/** Everyone changes in turn, at an even rate; a change counts from when it was due until a watcher hears it. */
async function tellRounds(people: readonly WebSocket[], watching: readonly WebSocket[], seconds: number) {
  const latencies = openLatencies();
  const due = new Map<string, { at: number; left: number }>();
  for (const socket of watching) {
    socket.on('message', (data: unknown) => {
      const frame = JSON.parse(String(data)) as { params?: { people?: { user: string; status: string }[] } };
      for (const { user, status } of frame.params?.people ?? []) {
        const change = due.get(`${user} ${status}`);
        if (change === undefined || change.left === 0) continue;
        latencies.add(performance.now() - change.at);
        change.left--;
      }
    });
  }
  const total = await atRate(RATE, seconds, (at, n) => {
    const socket = people[n % people.length] as WebSocket;
    const status = Math.floor(n / people.length) % 2 === 0 ? 'away' : 'online';
    due.set(`c${n % people.length} ${status}`, { at, left: watching.length });
    socket.send(`{"jsonrpc":"2.0","method":"presence.set","params":{"status":"${status}"}}`);
  });
  const all = total * watching.length;
  for (let waited = 0; latencies.count < all && waited < 5_000; waited += 50) await sleep(50);
  return { latencies, missing: all - latencies.count };
}

/** Until Redis is asked no more than a few times more a second than the second before. */
async function settled(redis: Redis): Promise<void> {
  for (let last = Number.POSITIVE_INFINITY, calm = 0; calm < 3; ) {
    const before = await commandsOf(redis);
    await sleep(1_000);
    const now = (await commandsOf(redis)) - before;
    calm = now <= last ? calm + 1 : 0;
    last = now + 20;
  }
}

async function commandsOf(redis: Redis): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
}
