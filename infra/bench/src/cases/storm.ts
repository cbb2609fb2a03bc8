import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { type Case, type Figure, median } from '../case.js';
import { startChild } from '../chain/child.js';
import { tokensOf, withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { type OurChain, startOurChain } from '../chain/our-chain.js';
import type { Live, Settled } from '../chain/people.js';
import { withStack } from '../with-stack.js';

const TARGET_MS = 3_000;
const PER_GROUP = 50;

/** What everyone misses at once, and what each group says a second all the while. */
const MISSED = 10;
const A_SECOND = 1;

/** Everyone of a gateway loses their connection at once and comes back. */
export const storm: Case = {
  name: 'storm',
  about:
    '5,000 people dropped at once come back with jittered backoff, catch up on 10 events each and are live again',
  async run({ quick, say }) {
    const count = quick ? 1_000 : 5_000;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const users = Array.from({ length: count }, (_, n) => `u${n}`);
      const groups = Array.from({ length: count / PER_GROUP }, (_, n) => `group-${n}`);
      const membersOf = (n: number) => users.slice(n * PER_GROUP, (n + 1) * PER_GROUP);
      await withPast(
        stack,
        nats,
        groups.flatMap((id, n) => groupOf(id, membersOf(n))),
      );
      const tokens = await tokensOf(system, users);
      const people = startChild('people');
      const talk = openTalk(nats, groups, (heads) => people.send({ heads }));
      await talk.say(1);

      say(`opening ${count.toLocaleString('en')} sessions`);
      const opened = people.hear<Live>('live');
      people.send({
        open: {
          url: system.ws,
          people: tokens.map((token, n) => ({
            token,
            conversationId: groups[Math.floor(n / PER_GROUP)] as string,
          })),
        },
      });
      say(`all live after ${((await opened).lastLive / 1_000).toFixed(1)} s`);
      talk.goOn();

      const dropped = await rounds(quick ? 2 : 5, async () => {
        const live = people.hear<Live>('live');
        people.send({ drop: true });
        await talk.say(MISSED);
        return live;
      });
      say('and with the gateway killed');
      const killed = await rounds(quick ? 1 : 3, async () => {
        const watching = people.hear('watching');
        people.send({ watch: true });
        await watching;
        const live = people.hear<Live>('live');
        await Promise.all([restart(system), talk.say(MISSED)]);
        return live;
      });
      await talk.stop();
      const settled = people.hear<Settled>('settled');
      people.send({ settle: true });
      const whole = await settled;
      await people.stop();
      await nats.close();
      await system.stop();
      return [
        figure(count, 'dropped at once', dropped, whole),
        figure(count, 'whose gateway is killed and started again', killed, whole),
      ];
    });
  },
};

async function rounds(count: number, run: () => Promise<Live>): Promise<readonly Live[]> {
  const lives: Live[] = [];
  for (let round = 0; round < count; round++) {
    // Buffers, caches and the projector come to rest.
    await sleep(3_000);
    lives.push(await run());
  }
  return lives;
}

const restart = (system: OurChain): Promise<unknown> => system.killAndRestart('gateway');

/** Says something in every group, a few times at once when asked, and once a second always. */
function openTalk(
  nats: NatsConnection,
  groups: readonly string[],
  told: (heads: Readonly<Record<string, number>>) => void,
) {
  let seq = 1;
  let turn: Promise<void> = Promise.resolve();
  const sayNow = async (times: number): Promise<void> => {
    const events: Envelope[] = [];
    for (let n = 0; n < times; n++) {
      seq++;
      for (const id of groups) events.push(said(id, seq));
    }
    await storeLog(nats, events, SYSTEM_PARTITIONS);
    told(Object.fromEntries(groups.map((id) => [id, seq])));
  };
  const say = (times: number): Promise<void> => {
    turn = turn.then(() => sayNow(times));
    return turn;
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    say,
    goOn(): void {
      timer = setInterval(() => void say(1), 1_000 / A_SECOND);
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await turn;
    },
  };
}

/** 256 B. */
function said(conversationId: string, seq: number): Envelope {
  const body = closeBody({ kind: 'text', text: `${seq} ${'x'.repeat(250)}` });
  const place = { conversationId, seq, at: Date.now(), actor: 'u0', commandId: `c-${seq}` };
  return envelop({ type: 'message.sent', data: { ordinal: seq, body } }, place);
}

function figure(
  count: number,
  what: string,
  lives: readonly Live[],
  { gaps, repeats, resyncs }: Settled,
): Figure {
  const all = median(lives.map(({ lastLive }) => lastLive));
  const isWhole = gaps + repeats + resyncs === 0;
  return {
    name: `storm: ${count.toLocaleString('en')} people ${what}, until all are live`,
    unit: 'ms',
    ours: all,
    target: `<= ${TARGET_MS} ms, nothing lost or repeated`,
    met: all <= TARGET_MS && isWhole,
    note:
      `${lives.map(({ lastLive }) => lastLive.toFixed(0)).join(', ')} ms; half of them live after ` +
      `${median(lives.map(({ medianLive }) => medianLive)).toFixed(0)}; ${gaps} gaps, ${repeats} repeats, ${resyncs} resyncs`,
  };
}
