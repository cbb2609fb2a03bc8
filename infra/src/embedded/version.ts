/** A server's version as numbers, so that 2.9 sorts before 2.12. */
export type Version = readonly [major: number, minor: number, patch: number];

/** The first dotted number in what `--version` prints; undefined when there is none. */
export const parseVersion = (text: string): Version | undefined => {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
};

export const isAtLeast = (version: Version, minimum: Version): boolean => {
  for (const [index, wanted] of minimum.entries()) {
    const actual = version[index] as number;
    if (actual !== wanted) return actual > wanted;
  }
  return true;
};

export const formatVersion = (version: Version): string => version.join('.');
