import { build, type Histogram } from 'hdr-histogram-js';

export type Latencies = {
  /** Records a time in ms. */
  add(ms: number): void;
  /** Time in ms below which `share` percent of the times lie. */
  at(share: number): number;
  readonly count: number;
};

/** Records latencies at microsecond resolution (HdrHistogram, Gil Tene), so that no percentile is guessed from buckets. */
export function openLatencies(): Latencies {
  const histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  return {
    add: (ms) => histogram.recordValue(Math.max(1, Math.round(ms * 1000))),
    at: (share) => histogram.getValueAtPercentile(share) / 1000,
    get count() {
      return histogram.totalCount;
    },
  };
}

/** Latencies of reads that take turns, one at a time, so that a noisy moment hits all of them; each is told which turn it is. */
export async function inTurn(
  reads: readonly ((turn: number) => Promise<unknown>)[],
  times: number,
): Promise<readonly Latencies[]> {
  const latencies = reads.map(openLatencies);
  for (let turn = 0; turn < times; turn++) {
    for (const [index, read] of reads.entries()) {
      const begin = performance.now();
      await read(turn);
      latencies[index]?.add(performance.now() - begin);
    }
  }
  return latencies;
}
