import { randomUUID } from 'node:crypto';
import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { timelineCursor } from '@parley/domain/wire/cursor';
import { pageKey } from '@parley/infra/read-model/newest-page';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { waitFor } from '@parley/infra/testing/wait-for';
import { Redis } from 'ioredis';
import type { WebSocket } from 'ws';
import { type Case, type Figure, median } from '../case.js';
import { openBenchVault, sealedPast } from '../chain/bench-vault.js';
import { withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { ask, startOurChain } from '../chain/our-chain.js';
import { inTurn, type Latencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const PEOPLE = Array.from({ length: 10 }, (_, n) => `u${n}`);
const READER = PEOPLE[0] as string;
const MESSAGES = 500;
const LIMIT = 50;
const TARGET = 1.3;

/** What opening costs a page. */
export const pageOpened: Case = {
  name: 'page-opened',
  about:
    'message.list of 50 of 10 authors through the socket, sealed, against the same of a conversation that never was sealed; newest and older',
  async run({ quick, say }) {
    const pages = quick ? 300 : 2_000;
    const rounds = quick ? 3 : 7;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const vault = await openBenchVault(nats);
      const plain = pastOf(`plain-${randomUUID()}`);
      const sealed = await sealedPast(vault, pastOf(`sealed-${randomUUID()}`));
      say(`storing two conversations of ${MESSAGES} messages`);
      await withPast(stack, nats, [...plain, ...sealed]);
      const redis = new Redis(stack.redis);
      const [plainId, sealedId] = [plain, sealed].map((past) => past[0]?.conversationId as string) as [
        string,
        string,
      ];
      for (const id of [plainId, sealedId])
        await waitFor(async () => (await redis.get(pageKey('rm_1', id))) !== null, {
          what: 'the cached page',
        });
      const socket = await system.session(READER);

      const figures: Figure[] = [];
      for (const [name, before] of [
        ['newest', undefined],
        ['older', 400],
      ] as const) {
        const reads = [sealedId, plainId].map((id) => () => read(socket, id, before));
        await inTurn(reads, 200);
        const results: (readonly Latencies[])[] = [];
        for (let round = 0; round < rounds; round++) results.push(await inTurn(reads, pages));
        figures.push(figure(name, results));
      }

      socket.terminate();
      redis.disconnect();
      await vault.close();
      await nats.close();
      await system.stop();
      return figures;
    });
  },
};

/** A group whose people write in turn. */
function pastOf(conversationId: string): readonly Envelope[] {
  const made = groupOf(conversationId, PEOPLE);
  const sent = Array.from({ length: MESSAGES }, (_, index) => {
    const seq = made.length + index + 1;
    const body = closeBody({ kind: 'text', text: `${seq} ${'x'.repeat(200)}` });
    const actor = PEOPLE[index % PEOPLE.length] as string;
    const place = { conversationId, seq, at: 1_700_000_000_000 + seq, actor, commandId: `c-${seq}` };
    return envelop({ type: 'message.sent', data: { ordinal: index + 1, body } }, place);
  });
  return [...made, ...sent];
}

async function read(socket: WebSocket, conversationId: string, before: number | undefined): Promise<void> {
  const { messages } = (await ask(socket, 'message.list', {
    conversationId,
    limit: LIMIT,
    ...(before === undefined ? {} : { before: timelineCursor(conversationId, before) }),
  })) as { messages: readonly { readonly body: unknown }[] };
  if (messages.length !== LIMIT || messages.some(({ body }) => body === null))
    throw new Error('not an open page');
}

function figure(name: string, results: readonly (readonly Latencies[])[]): Figure {
  const at = (which: number) => results.map((each) => each[which]?.at(50) ?? Number.NaN);
  const [ours, plain] = [at(0), at(1)];
  const ratios = ours.map((each, index) => each / (plain[index] as number));
  const ratio = median(ratios);
  return {
    name: `page of ${LIMIT} opened, ${name}, p50`,
    unit: 'ms',
    ours: median(ours),
    ceiling: median(plain),
    ratio,
    target: `<= ${TARGET} times`,
    met: ratio <= TARGET,
    note: `against a page that never was sealed; ratios ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} over ${results.length} rounds`,
  };
}
