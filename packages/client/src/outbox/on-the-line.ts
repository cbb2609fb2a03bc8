/** Counts, for each lane, the commands that are sent and not answered, and tells who waits for that to end. */
export type OnTheLine = {
  put(lane: string): void;
  take(lane: string): void;
  /** The line broke: nothing that was on it is answered any more. */
  cut(): void;
  /** Resolves when nothing of this lane is on the line, or the line broke: false. */
  answered(lane: string): Promise<boolean>;
};

export function createOnTheLine(): OnTheLine {
  const counts = new Map<string, number>();
  const waiting = new Map<string, ((isAnswered: boolean) => void)[]>();

  function tell(lane: string, isAnswered: boolean): void {
    const resolvers = waiting.get(lane) ?? [];
    waiting.delete(lane);
    for (const resolve of resolvers) resolve(isAnswered);
  }

  return {
    put: (lane) => void counts.set(lane, (counts.get(lane) ?? 0) + 1),
    take(lane) {
      const left = (counts.get(lane) ?? 0) - 1;
      if (left > 0) return void counts.set(lane, left);
      counts.delete(lane);
      tell(lane, true);
    },
    cut() {
      counts.clear();
      for (const lane of [...waiting.keys()]) tell(lane, false);
    },
    answered(lane) {
      if (!counts.has(lane)) return Promise.resolve(true);
      return new Promise((resolve) => void waiting.set(lane, [...(waiting.get(lane) ?? []), resolve]));
    },
  };
}
