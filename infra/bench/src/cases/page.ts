import { readTimeline } from '@parley/command-api/read/timeline';
import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { pageKey } from '@parley/infra/read-model/newest-page';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { Redis } from 'ioredis';
import type { WebSocket } from 'ws';
import { type Case, type Figure, median } from '../case.js';
import { withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { ask, startOurChain } from '../chain/our-chain.js';
import { inTurn, type Latencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const CONVERSATION = 'bench-page';
const READER = 'u0';
const MESSAGES = 10_000;
const LIMIT = 50;

/** The newest page as a client gets it, against what it is made of. */
export const page: Case = {
  name: 'page',
  about:
    'message.list of the newest 50 of 10,000 through the socket, against the same SQL by pg and a GET of Redis alone',
  async run({ quick, say }) {
    const pages = quick ? 300 : 2_000;
    const rounds = quick ? 2 : 5;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      say(`storing ${MESSAGES.toLocaleString('en')} messages`);
      await withPast(stack, nats, past());
      const redis = new Redis(stack.redis);
      const log = createLog('bench', 'silent');
      const pool = connectPostgres(stack.database, { name: 'bench', log, max: 1, readsByKey: true });
      await waitFor(async () => (await redis.get(pageKey('rm_1', CONVERSATION))) !== null, {
        what: 'the cached page',
      });
      const socket = await system.session(READER);

      const reads = [
        () => newest(socket),
        () =>
          readTimeline(pool, {
            schema: 'rm_1',
            model: NEWEST_MODEL,
            conversationId: CONVERSATION,
            reader: READER,
            limit: LIMIT,
            now: Date.now(),
          }),
        () => redis.get(pageKey('rm_1', CONVERSATION)),
      ];
      await inTurn(reads, 200);
      const results: (readonly Latencies[])[] = [];
      for (let round = 0; round < rounds; round++) results.push(await inTurn(reads, pages));

      socket.terminate();
      await pool.end();
      redis.disconnect();
      await nats.close();
      await system.stop();
      return [figure('p50', 50, 0.8, results), figure('p99', 99, 2, results)];
    });
  },
};

function past(): readonly Envelope[] {
  const made = groupOf(CONVERSATION, [READER, 'u1']);
  const sent = Array.from({ length: MESSAGES }, (_, index) => {
    const seq = made.length + index + 1;
    const body = closeBody({ kind: 'text', text: `${seq} ${'x'.repeat(200)}` });
    const actor = index % 2 === 0 ? READER : 'u1';
    const place = {
      conversationId: CONVERSATION,
      seq,
      at: 1_700_000_000_000 + seq,
      actor,
      commandId: `c-${seq}`,
    };
    return envelop({ type: 'message.sent', data: { ordinal: index + 1, body } }, place);
  });
  return [...made, ...sent];
}

async function newest(socket: WebSocket): Promise<void> {
  const { messages } = (await ask(socket, 'message.list', {
    conversationId: CONVERSATION,
    limit: LIMIT,
  })) as {
    messages: readonly unknown[];
  };
  if (messages.length !== LIMIT) throw new Error('not a page');
}

function figure(
  name: string,
  percentile: number,
  wanted: number,
  results: readonly (readonly Latencies[])[],
): Figure {
  const at = (which: number) => results.map((each) => each[which]?.at(percentile) ?? Number.NaN);
  const [ours, sql, cached] = [at(0), at(1), at(2)];
  return {
    name: `page of ${LIMIT} through the socket, ${name}`,
    unit: 'ms',
    ours: median(ours),
    ceiling: median(sql),
    ratio: median(ours.map((each, index) => each / (sql[index] as number))),
    target: `<= ${wanted} ms`,
    met: median(ours) <= wanted,
    note: `against the same SQL by pg alone; a GET of Redis alone takes ${median(cached).toFixed(3)} ms; ours ${Math.min(...ours).toFixed(2)} to ${Math.max(...ours).toFixed(2)} over ${results.length} rounds`,
  };
}
