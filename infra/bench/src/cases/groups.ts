import { connectNats } from '@parley/infra/runtime/connect-nats';
import type { Case, Figure } from '../case.js';
import { startChild } from '../chain/child.js';
import { gather, tokensOf, withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { startOurChain } from '../chain/our-chain.js';
import type { Live, Measured } from '../chain/people.js';
import { cpuMs } from '../chain/process-figures.js';
import { atRate } from '../chain/rate.js';
import { withStack } from '../with-stack.js';

const PER_GROUP = 50;
const RATE = 1_000;
/** Of so many listeners one looks at what it gets; the others only read it, to leave the machine to what is measured. */
const ONE_OF = 7;
const TARGET_MS = 50;
const TARGET_CORES = 1;

/** Groups in which one talks and the others listen, all online at one gateway. */
export const groups: Case = {
  name: 'groups',
  about:
    '100 groups of 50 online, 1,000 messages/s sent through the gateway: how old a message is when it arrives',
  async run({ quick, say }) {
    const count = 100;
    const seconds = quick ? 5 : 30;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const ids = Array.from({ length: count }, (_, n) => `group-${n}`);
      const membersOf = (n: number) => Array.from({ length: PER_GROUP }, (_, member) => `u${n}-${member}`);
      await withPast(
        stack,
        nats,
        ids.flatMap((id, n) => groupOf(id, membersOf(n))),
      );
      const listeners = ids.flatMap((conversationId, n) =>
        membersOf(n)
          .slice(1)
          .map((user) => ({ user, conversationId })),
      );
      const tokens = await tokensOf(
        system,
        listeners.map(({ user }) => user),
      );
      say(`opening ${listeners.length.toLocaleString('en')} sessions`);
      const isWatched = (n: number): boolean => n % ONE_OF === 0;
      const crowd = await gather(
        system.ws,
        tokens.filter((_, n) => !isWatched(n)),
      );
      const people = startChild('people');
      const live = people.hear<Live>('live');
      people.send({
        heads: Object.fromEntries(ids.map((id) => [id, 1])),
        open: {
          url: system.ws,
          people: listeners
            .map(({ conversationId }, n) => ({ conversationId, token: tokens[n] }))
            .filter((_, n) => isWatched(n)),
        },
      });
      await live;
      const senders = await Promise.all(ids.map((_, n) => system.session(`u${n}-0`, '127.0.0.10')));
      let refused = 0;
      for (const socket of senders)
        socket.on('message', (data: Buffer) => {
          if (data.includes('"error"')) refused++;
        });
      const send = (due: number, n: number): void => {
        const text = `due ${(performance.timeOrigin + due).toFixed(3)} ${'x'.repeat(230)}`;
        const params = {
          commandId: `m${due.toFixed(3)}-${n}`,
          conversationId: ids[n % count],
          body: { kind: 'text', text },
        };
        senders[n % count]?.send(JSON.stringify({ jsonrpc: '2.0', id: n, method: 'message.send', params }));
      };
      const measured = async (): Promise<Measured> => {
        const heard = people.hear<Measured>('measured');
        people.send({ measure: true });
        return heard;
      };

      await atRate(RATE, 3, send);
      await measured();
      const gateway = system.services.get('gateway')?.[0]?.pid as number;
      const [cpuBefore, begin] = [cpuMs(gateway), performance.now()];
      await atRate(RATE, seconds, send);
      const took = performance.now() - begin;
      const cores = (cpuMs(gateway) - cpuBefore) / took;
      const { frames, p50, p99, most } = await measured();
      for (const socket of senders) socket.terminate();
      await Promise.all([people.stop(), crowd.stop()]);
      await nats.close();
      await system.stop();
      const figure: Figure = {
        name: `${count} groups of ${PER_GROUP} online, ${RATE.toLocaleString('en')} messages/s: p99 until it arrives`,
        unit: 'ms',
        ours: p99,
        target: `< ${TARGET_MS} ms, gateway under ${TARGET_CORES} core`,
        met: p99 < TARGET_MS && cores < TARGET_CORES && refused === 0,
        note:
          `p50 ${p50.toFixed(1)}, most ${most.toFixed(0)} ms; ${Math.round((frames * ONE_OF * 1_000) / took).toLocaleString('en')} deliveries/s; ` +
          `gateway ${cores.toFixed(2)} cores; ${refused} refused`,
      };
      return [figure];
    });
  },
};
