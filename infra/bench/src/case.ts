/** One figure: our path against its ceiling, in one run. */
export type Figure = {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** The ceiling, or undefined where only an absolute figure is asked. */
  readonly ceiling?: number;
  /** What is compared: ours / ceiling, unless the case says otherwise. */
  readonly ratio?: number;
  readonly target: string;
  readonly met: boolean;
  /** What a reader must know: bottleneck, spread, settings. */
  readonly note?: string;
};

export type Case = {
  readonly name: string;
  readonly about: string;
  run(options: CaseOptions): Promise<readonly Figure[]>;
};

export type CaseOptions = {
  /** Smaller sizes and fewer rounds: to see that a case works, not to quote. */
  readonly quick: boolean;
  readonly say: (line: string) => void;
};

/** The middle value; of an even number the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/**
 * Runs two measurements in turn, A B B A A B …, so that a machine that gets slower gets slower for both, and returns the
 * medians and the median of the ratios pair by pair.
 */
export async function paired(
  rounds: number,
  ours: () => Promise<number>,
  ceiling: () => Promise<number>,
): Promise<{
  readonly ours: number;
  readonly ceiling: number;
  readonly ratio: number;
  readonly spread: string;
}> {
  const pairs: { ours: number; ceiling: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const a = await ours();
      pairs.push({ ours: a, ceiling: await ceiling() });
    } else {
      const b = await ceiling();
      pairs.push({ ceiling: b, ours: await ours() });
    }
  }
  const ratios = pairs.map((pair) => pair.ours / pair.ceiling);
  return {
    ours: median(pairs.map((pair) => pair.ours)),
    ceiling: median(pairs.map((pair) => pair.ceiling)),
    ratio: median(ratios),
    spread: `ratios ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} over ${rounds} pairs`,
  };
}
