import { type Case, type Figure, median } from '../case.js';
import { startOurChain } from '../chain/our-chain.js';
import { type PairsResult, runPairs } from '../chain/pairs.js';
import { ourPairs, startToyChain, toyPairs } from '../chain/protocols.js';
import { withStack } from '../with-stack.js';

const RATE = 1_000;
const PAIRS = 100;

/** Send to acknowledgement and send to delivery, synced to disk, projector running, beside the toy chain. */
export const latency: Case = {
  name: 'latency',
  about: `send to ack and send to delivery at ${RATE.toLocaleString('en')} msg/s over WebSocket, synced, projector running, beside the toy chain`,
  async run({ quick, say }) {
    const seconds = quick ? 4 : 15;
    const rounds = quick ? 1 : 3;
    return withStack(true, async (stack) => {
      const ours = await startOurChain(stack);
      const toy = await startToyChain(stack.nats);
      const [people, toys] = [ourPairs(ours, PAIRS), toyPairs(toy.ws, PAIRS)];
      const results: { ours: PairsResult; toy: PairsResult }[] = [];
      for (let round = 0; round < rounds; round++) {
        say(`round ${round + 1} of ${rounds}`);
        results.push({
          ours: await runPairs(people, RATE, seconds),
          toy: await runPairs(toys, RATE, seconds),
        });
      }
      await toy.stop();
      await ours.stop();
      return [figure('ack', results), figure('delivery', results)];
    });
  },
};

function figure(
  which: 'ack' | 'delivery',
  results: readonly { ours: PairsResult; toy: PairsResult }[],
): Figure {
  const p99 = (result: PairsResult) => result[which].at(99);
  const ours = median(results.map((result) => p99(result.ours)));
  const ceiling = median(results.map((result) => p99(result.toy)));
  const middle = (pick: (result: { ours: PairsResult; toy: PairsResult }) => PairsResult) =>
    median(results.map((result) => pick(result)[which].at(50)));
  const lost = results.reduce((sum, result) => sum + result.ours.lost, 0);
  return {
    name: `send to ${which} at ${RATE.toLocaleString('en')}/s, p99`,
    unit: 'ms',
    ours,
    ceiling,
    ratio: median(results.map((result) => p99(result.ours) / p99(result.toy))),
    target: 'p99 < 25 ms',
    met: ours < 25 && lost === 0,
    note: `p50 ${middle(({ ours: each }) => each).toFixed(2)} against ${middle(({ toy }) => toy).toFixed(2)} ms; ${lost} lost`,
  };
}
