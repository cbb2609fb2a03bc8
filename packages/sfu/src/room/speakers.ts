/** Who speaks and how loud, in dBov: 0 the loudest, -127 silence. */
export type Speaker = { readonly participant: number; readonly level: number };

/** Changes of level below this are not told, in dB. */
const STEP_DB = 6;

/**
 * What is told after `told` when `now` is heard, loudest first, each participant once by its loudest track; undefined when
 * there is nothing new: the same people, none of them much louder or quieter.
 */
export function speakersToTell(
  told: readonly Speaker[],
  heard: readonly Speaker[],
): readonly Speaker[] | undefined {
  const loudest = new Map<number, number>();
  for (const { participant, level } of heard) {
    const rounded = Math.max(-127, Math.min(0, Math.round(level)));
    loudest.set(participant, Math.max(rounded, loudest.get(participant) ?? -127));
  }
  const before = new Map(told.map(({ participant, level }) => [participant, level]));
  const isNew =
    loudest.size !== before.size ||
    [...loudest].some(
      ([participant, level]) => Math.abs(level - (before.get(participant) ?? Infinity)) >= STEP_DB,
    );
  if (!isNew) return undefined;
  return [...loudest]
    .map(([participant, level]) => ({ participant, level }))
    .sort((a, b) => b.level - a.level || a.participant - b.participant);
}
