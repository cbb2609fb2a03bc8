import type { Case, Figure } from '../case.js';
import { startOurChain } from '../chain/our-chain.js';
import { type PairsResult, runPairs } from '../chain/pairs.js';
import { projectorLag } from '../chain/projector-lag.js';
import { ourPairs, startToyChain, toyPairs } from '../chain/protocols.js';
import { withStack } from '../with-stack.js';

const PAIRS = 200;
const TARGET = 5_000;
const LIMIT_MS = 250;

/** The highest rate at which delivery stays under 250 ms at p99 and the projector keeps up, for ours and for the toy chain. */
export const sustained: Case = {
  name: 'sustained',
  about:
    'most messages a second, sent to delivered over WebSocket, synced, projector keeping up, p99 under 250 ms',
  async run({ quick, say }) {
    const seconds = quick ? 4 : 12;
    return withStack(true, async (stack) => {
      const ours = await startOurChain(stack);
      const toy = await startToyChain(stack.nats);
      const [people, toys] = [ourPairs(ours, PAIRS), toyPairs(toy.ws, PAIRS)];
      const best = await climb(quick ? [1_000, 3_000] : [2_000, 3_000, 4_000, 5_000, 6_000], async (rate) => {
        const result = await runPairs(people, rate, seconds);
        const lag = await projectorLag(stack.nats, stack.database);
        say(`ours ${rate}/s: ${described(result)}, projector ${lag} events behind at the end`);
        return { result, kept: holds(result, rate) && lag < rate };
      });
      const ceiling = await climb(quick ? [3_000] : [2_000, 3_000, 4_000, 6_000, 8_000], async (rate) => {
        const result = await runPairs(toys, rate, seconds);
        say(`toy ${rate}/s: ${described(result)}`);
        return { result, kept: holds(result, rate) };
      });
      await toy.stop();
      await ours.stop();
      return [figure(best, ceiling)];
    });
  },
};

type Step = { readonly rate: number; readonly result: PairsResult };

/** Goes up until a rate is not kept twice in a row; answers the last that was. */
async function climb(
  rates: readonly number[],
  run: (rate: number) => Promise<{ result: PairsResult; kept: boolean }>,
): Promise<Step | undefined> {
  let best: Step | undefined;
  for (const rate of rates) {
    let { result, kept } = await run(rate);
    if (!kept) ({ result, kept } = await run(rate));
    if (!kept) break;
    best = { rate, result };
  }
  return best;
}

const holds = (result: PairsResult, rate: number): boolean =>
  result.lost === 0 && result.delivery.at(99) < LIMIT_MS && result.rate > 0.97 * rate;

const described = (result: PairsResult): string =>
  `p50 ${result.delivery.at(50).toFixed(1)}, p99 ${result.delivery.at(99).toFixed(1)} ms, ${Math.round(result.rate)}/s, ${result.lost} lost, ${result.refused} refused`;

function figure(best: Step | undefined, ceiling: Step | undefined): Figure {
  const ours = best?.rate ?? 0;
  return {
    name: 'sustained send to delivery, p99 under 250 ms',
    unit: 'msg/s',
    ours,
    ...(ceiling === undefined ? {} : { ceiling: ceiling.rate, ratio: ours / ceiling.rate }),
    target: `>= ${TARGET.toLocaleString('en')} msg/s`,
    met: ours >= TARGET,
    ...(best === undefined ? {} : { note: described(best.result) }),
  };
}
