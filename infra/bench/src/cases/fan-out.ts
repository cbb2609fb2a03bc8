import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { notificationFrame } from '@parley/domain/wire/json-rpc';
import { plainLiveEvent } from '@parley/domain/wire/live';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { type Case, type Figure, median, paired } from '../case.js';
import { openBenchVault, sealedPast } from '../chain/bench-vault.js';
import { startChild } from '../chain/child.js';
import { type Crowd, gather, tokensOf, withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { startOurChain } from '../chain/our-chain.js';
import { cpuMs } from '../chain/process-figures.js';
import { withStack } from '../with-stack.js';

const CONVERSATION = 'bench-crowd';
const TARGET = 0.8;

/** Events of one conversation to everyone in it, through a gateway in service, against the publish it is made of. */
export const fanOut: Case = {
  name: 'fan-out',
  about:
    'events of a group of 10,000 to a socket of each, from the log through the gateway, which opens each, against raw uWS publish of the same frames',
  async run({ quick, say }) {
    const people = quick ? 2_000 : 10_000;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const vault = await openBenchVault(nats);
      const users = Array.from({ length: people }, (_, n) => `u${n}`);
      const past = groupOf(CONVERSATION, users);
      await withPast(stack, nats, past);
      const raw = startChild('raw-fan-out');
      const { url } = await raw.hear<{ url: string }>('ready');
      say(`opening ${people.toLocaleString('en')} sessions, and as many bare sockets`);
      const listening = await gather(system.ws, await tokensOf(system, users));
      const bare = await gather(url, people);

      // The log has no gaps, so each side counts for itself.
      const seq = { ours: past.length, raw: past.length };
      const figures: Figure[] = [];
      for (const atOnce of [1, 4, 16]) {
        say(`${atOnce === 1 ? '1 event' : `${atOnce} events`} at once`);
        const bursts = quick ? 8 : Math.ceil(80 / (atOnce + 3));
        const next = (side: 'ours' | 'raw'): readonly Envelope[] =>
          Array.from({ length: atOnce }, () => sent(++seq[side]));
        const gateway = system.services.get('gateway')?.[0]?.pid as number;
        const cpu = { ours: [] as number[], raw: [] as number[] };
        const ours = () =>
          run(listening, gateway, cpu.ours, async () =>
            storeLog(nats, await sealedPast(vault, next('ours')), SYSTEM_PARTITIONS),
          );
        const ceiling = () =>
          run(bare, raw.pid, cpu.raw, () => raw.send({ publish: next('raw').map(frameOf) }));
        const run = async (
          crowd: Crowd,
          pid: number,
          spent: number[],
          publish: () => unknown,
        ): Promise<number> => {
          const before = cpuMs(pid);
          const begin = performance.now();
          for (let burst = 0; burst < bursts; burst++) {
            const { reached } = await crowd.expect(people * atOnce);
            await Promise.all([publish(), reached]);
          }
          const deliveries = bursts * atOnce * people;
          spent.push(((cpuMs(pid) - before) * 1_000) / deliveries);
          return deliveries / ((performance.now() - begin) / 1_000);
        };
        const result = await paired(quick ? 2 : 5, ours, ceiling);
        figures.push(figure(atOnce, people, result, median(cpu.ours), median(cpu.raw)));
      }
      await Promise.all([listening.stop(), bare.stop(), raw.stop()]);
      await vault.close();
      await nats.close();
      await system.stop();
      return figures;
    });
  },
};

/** The group's owner says 256 B. */
function sent(seq: number): Envelope {
  const body = closeBody({ kind: 'text', text: `${seq} ${'x'.repeat(250)}` });
  const place = { conversationId: CONVERSATION, seq, at: Date.now(), actor: 'u0', commandId: `c-${seq}` };
  return envelop({ type: 'message.sent', data: { ordinal: seq, body } }, place);
}

/** What the gateway makes of an event. */
const frameOf = (event: Envelope): string => notificationFrame('event', plainLiveEvent(event));

function figure(
  atOnce: number,
  people: number,
  result: Awaited<ReturnType<typeof paired>>,
  ours: number,
  raw: number,
): Figure {
  return {
    name: `fan-out to ${people.toLocaleString('en')}, ${atOnce === 1 ? '1 event' : `${atOnce} events`} at once`,
    unit: 'deliveries/s',
    ...result,
    target: `>= ${TARGET}`,
    met: result.ratio >= TARGET,
    note: `${result.spread}; CPU per delivery ${ours.toFixed(2)} against ${raw.toFixed(2)} µs`,
  };
}
