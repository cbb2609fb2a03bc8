/**
 * A figure in what `/metrics` answers (Prometheus' text format), summed over its labels; NaN where it is not there.
 *
 * @param label counts only what has it, as `direction="in"`
 */
export function figureOf(metrics: string, name: string, label = ''): number {
  const values = metrics
    .split('\n')
    .map((line) => /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line))
    .filter((sample) => sample?.[1] === name && (sample[2] ?? '').includes(label))
    .map((sample) => Number(sample?.[3]));
  return values.length === 0 ? Number.NaN : values.reduce((sum, each) => sum + each, 0);
}
