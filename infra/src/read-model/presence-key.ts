/** Redis hash of how a person's devices are there; the braces keep it in one slot of a cluster. */
export const presenceKey = (user: string): string => `presence:{${user}}`;
