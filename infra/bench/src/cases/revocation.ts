import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@parley/infra/embedded/stack';
import { openLimiter } from '@parley/infra/runtime/limiter';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import type { WebSocket } from 'ws';
import { type Case, type Figure, median } from '../case.js';
import { ask, type OurChain, startOurChain } from '../chain/our-chain.js';
import { openSocket } from '../chain/pairs.js';
import { openLatencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

/** Milliseconds within which the sockets of a revoked device must be closed. */
const TARGET = 1_000;

const OPENED_AT_ONCE = 50;

/** How soon a lost device is gone: heard live, and found out by a gateway whose line was cut. */
export const revocation: Case = {
  name: 'revocation',
  about: 'a device revoked through one gateway until its socket on another is closed, beside a message there',
  async run({ quick, say }) {
    return withStack(true, async (stack) => {
      const chain = await startOurChain(stack);
      const live = await measureLive(chain, quick ? 30 : 200);
      const [people, revoked, rounds] = quick ? [500, 20, 1] : [5_000, 100, 3];
      const late: number[] = [];
      for (let round = 0; round < rounds; round++) {
        say(`cut off with ${people} people, round ${round + 1} of ${rounds}`);
        late.push(await measureCutOff(chain, stack, people, revoked));
      }
      await chain.stop();
      const met = median(late) < TARGET;
      const name = `line back until ${revoked} of ${people.toLocaleString('en')} are closed`;
      return [live, { name, unit: 'ms', ours: median(late), target: `${TARGET} ms at most`, met }];
    });
  },
};

async function measureLive(chain: OurChain, rounds: number): Promise<Figure> {
  const other = (await chain.add('gateway')).info.ws as string;
  const [closed, delivered] = [openLatencies(), openLatencies()];
  for (let round = 0; round < rounds; round++) {
    const user = `live-${round}`;
    const conversationId = randomUUID();
    const laptop = await open(chain, chain.ws, user, 'laptop');
    await ask(laptop, 'conversation.create', {
      conversationId,
      commandId: randomUUID(),
      kind: 'group',
      members: [],
    });
    const phone = await open(chain, other, user, 'phone', { [conversationId]: 1 });
    const body = { kind: 'text', text: 'where is my phone?' };
    delivered.add(
      await timed(
        () => ask(laptop, 'message.send', { conversationId, commandId: randomUUID(), body }),
        until(phone, '"event"'),
      ),
    );
    closed.add(
      await timed(
        () => ask(laptop, 'device.revoke', { commandId: randomUUID(), device: 'phone' }),
        once(phone, 'close'),
      ),
    );
    laptop.terminate();
  }
  const [ours, ceiling] = [closed.at(99), delivered.at(99)];
  return {
    name: 'revoked until closed on another gateway, p99',
    unit: 'ms',
    ours,
    ceiling,
    ratio: ours / ceiling,
    target: `${TARGET} ms at most`,
    met: ours < TARGET,
    note: `p50 ${closed.at(50).toFixed(2)} against ${delivered.at(50).toFixed(2)} ms of a message`,
  };
}

/** Milliseconds from the line being whole again to the last revoked device being closed. */
async function measureCutOff(
  chain: OurChain,
  { nats }: Stack,
  people: number,
  revoked: number,
): Promise<number> {
  const line = await openBreakableLine(nats);
  const gateway = await chain.add('gateway', { NATS_URL: line.url });
  const { ws, url } = gateway.info as { ws: string; url: string };
  const users = Array.from({ length: people }, () => randomUUID());
  const opening = openLimiter(OPENED_AT_ONCE);
  const sockets = await Promise.all(users.map((user) => opening.run(() => open(chain, ws, user, 'phone'))));
  line.cut();
  await ready(url, 503);
  await Promise.all(users.slice(0, revoked).map((user) => revokeByHttp(chain, user)));
  const gone = Promise.all(sockets.slice(0, revoked).map((socket) => once(socket, 'close')));
  line.mend();
  await ready(url, 200);
  const took = await timed(async () => undefined, gone);
  for (const socket of sockets) socket.terminate();
  await gateway.end();
  line.close();
  return took;
}

async function open(
  chain: OurChain,
  url: string,
  user: string,
  device: string,
  resume = {},
): Promise<WebSocket> {
  const socket = await openSocket(url, ['parley.v1']);
  await ask(socket, 'session.open', {
    token: await chain.token(user, undefined, '1d', device),
    device,
    resume,
  });
  return socket;
}

async function revokeByHttp(chain: OurChain, user: string): Promise<void> {
  const token = await chain.token(user, undefined, '1d', 'laptop');
  const headers = { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() };
  const { status } = await fetch(`${chain.api}/v1/devices/phone`, { method: 'DELETE', headers });
  if (status !== 200) throw new Error(`a device was not revoked: ${status}`);
}

async function ready(url: string, status: number): Promise<void> {
  while ((await fetch(`${url}/ready`)).status !== status) await sleep(2);
}

async function timed(begin: () => Promise<unknown>, end: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const begun = begin();
  await end;
  const took = performance.now() - startedAt;
  await begun;
  return took;
}

const until = (socket: WebSocket, word: string): Promise<void> =>
  new Promise((resolve) => {
    const hear = (data: unknown): void => {
      if (!String(data).includes(word)) return;
      socket.off('message', hear);
      resolve();
    };
    socket.on('message', hear);
  });
