import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { notificationFrame } from '@parley/domain/wire/json-rpc';
import { plainLiveEvent } from '@parley/domain/wire/live';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { WebSocket } from 'ws';
import { type Case, type Figure, median } from '../case.js';
import { type Child, startChild } from '../chain/child.js';
import { withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { type OurChain, startOurChain } from '../chain/our-chain.js';
import { openSocket } from '../chain/pairs.js';
import { projectorLag } from '../chain/projector-lag.js';

import { openLatencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const TARGET_MS = 300;

/** Longer than a gateway keeps the conversations of who left, in ms. */
const FORGOTTEN_AFTER_MS = 11_000;

/** People who take turns in coming back; all are in every conversation. */
const PEOPLE = 20;

/** One client comes back to very many conversations, each with one event it has not seen. */
export const resume: Case = {
  name: 'resume',
  about:
    'from session.open to the last missed event, of 2,000 conversations with one each, against a bare uWS server that sends the same frames',
  async run({ quick, say }) {
    const count = quick ? 500 : 2_000;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const users = Array.from({ length: PEOPLE }, (_, n) => `u${n}`);
      const ids = Array.from({ length: count }, (_, n) => `${n}`.padStart(36, 'c0ffee00-'));
      say(`${count.toLocaleString('en')} conversations of ${PEOPLE}`);
      await withPast(
        stack,
        nats,
        ids.flatMap((id) => groupOf(id, users)),
      );
      const raw = startChild('raw-fan-out');
      const { url } = await raw.hear<{ url: string }>('ready');
      const bare = await openSocket(url);

      const world = openWorld(system, nats, ids);
      const figures: Figure[] = [];
      const measure = async (name: string, opens: number, pauseMs: number): Promise<void> => {
        const [ours, ceiling] = [openLatencies(), openLatencies()];
        const first: number[] = [];
        for (let n = 0; n < opens; n++) {
          await sleep(pauseMs);
          const events = await world.happen();
          // Whoever is there has them, and so has the projector, before somebody comes back to them.
          await waitFor(async () => (await projectorLag(stack.nats, stack.database)) === 0, {
            what: 'the events in rows',
          });
          const { answered, all } = await world.comeBack(users[1 + (n % (PEOPLE - 1))] as string);
          ours.add(all);
          first.push(answered);
          ceiling.add(await sendBare(raw, bare, events));
        }
        const p99 = ours.at(99);
        figures.push({
          name: `resume of ${count.toLocaleString('en')} conversations with 1 missed event each, ${name}: p99`,
          unit: 'ms',
          ours: p99,
          ceiling: ceiling.at(99),
          ratio: p99 / ceiling.at(99),
          target: `<= ${TARGET_MS} ms`,
          met: p99 <= TARGET_MS,
          note: `p50 ${ours.at(50).toFixed(0)} against ${ceiling.at(50).toFixed(0)} ms; session.open answered after ${median(first).toFixed(0)} ms; ${opens} opens`,
        });
      };
      say('with somebody else there');
      const other = await system.session(users[0] as string, '127.0.0.9');
      await measure('others there', quick ? 10 : 100, 100);
      other.terminate();
      say('with nobody else there, each time anew');
      await measure('nobody there', quick ? 2 : 15, FORGOTTEN_AFTER_MS);

      bare.terminate();
      await raw.stop();
      await nats.close();
      await system.stop();
      return figures;
    });
  },
};

function openWorld(system: OurChain, nats: NatsConnection, ids: readonly string[]) {
  let seq = 1;
  return {
    /** One more event in each conversation. */
    async happen(): Promise<readonly Envelope[]> {
      seq++;
      const events = ids.map((id) => said(id, seq));
      await storeLog(nats, events, SYSTEM_PARTITIONS);
      return events;
    },
    /** Comes back having seen all but the newest event of each; times in ms. */
    async comeBack(user: string): Promise<{ readonly answered: number; readonly all: number }> {
      const token = await system.token(user);
      const socket = await openSocket(system.ws, ['parley.v1']);
      const resume = Object.fromEntries(ids.map((id) => [id, seq - 1]));
      const params = { token, device: 'd1', resume };
      const opening = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.open', params });
      const frames = framesOf(socket, ids.length + 1);
      const begin = performance.now();
      socket.send(opening);
      const { first, last, texts } = await frames;
      socket.terminate();
      checkEvents(texts.slice(1), seq, ids.length);
      return { answered: first - begin, all: last - begin };
    },
  };
}

/** Time until the same frames came from a bare server, in ms. */
async function sendBare(raw: Child, bare: WebSocket, events: readonly Envelope[]): Promise<number> {
  const frames = framesOf(bare, events.length);
  const begin = performance.now();
  raw.send({ publish: events.map((event) => notificationFrame('event', plainLiveEvent(event))) });
  return (await frames).last - begin;
}

/** The next `count` frames, and when the first and the last of them came. */
function framesOf(
  socket: WebSocket,
  count: number,
): Promise<{ readonly first: number; readonly last: number; readonly texts: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const frames: Buffer[] = [];
    let first = 0;
    const closed = (code: number, reason: Buffer): void => reject(new Error(`closed: ${code} ${reason}`));
    const hear = (data: Buffer): void => {
      if (frames.push(data) === 1) first = performance.now();
      if (frames.length < count) return;
      const last = performance.now();
      socket.off('message', hear);
      socket.off('close', closed);
      resolve({ first, last, texts: frames.map(String) });
    };
    socket.on('message', hear);
    socket.on('close', closed);
  });
}

/** Every conversation's event, once. */
function checkEvents(texts: readonly string[], seq: number, count: number): void {
  const seen = new Set<string>();
  for (const text of texts) {
    const { method, params } = JSON.parse(text) as {
      method?: string;
      params?: { conversationId: string; seq: number };
    };
    if (method !== 'event' || params?.seq !== seq) throw new Error(`unexpected: ${text.slice(0, 200)}`);
    seen.add(params.conversationId);
  }
  if (seen.size !== count) throw new Error(`events of ${seen.size} conversations came, not of ${count}`);
}

/** The group's owner says 256 B. */
function said(conversationId: string, seq: number): Envelope {
  const body = closeBody({ kind: 'text', text: `${seq} ${'x'.repeat(250)}` });
  const place = { conversationId, seq, at: Date.now(), actor: 'u0', commandId: `c-${seq}` };
  return envelop({ type: 'message.sent', data: { ordinal: seq, body } }, place);
}
