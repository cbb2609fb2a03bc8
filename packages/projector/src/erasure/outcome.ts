/** What became of a job this time. */
export type Outcome =
  | { readonly tag: 'done' }
  /** The event that it follows from is not in the log: it may be on its way, or never have been appended. */
  | { readonly tag: 'not yet' }
  /** It has to wait: see `Wait`. */
  | { readonly tag: 'later'; readonly why: Wait };

/** For a legal hold to be lifted, for rows to catch up, for rows that stand still to go on, for others who are faster. */
export type Wait = 'held' | 'behind' | 'parked' | 'contended';

export const done: Outcome = { tag: 'done' };
export const notYet: Outcome = { tag: 'not yet' };
export const later = (why: Wait): Outcome => ({ tag: 'later', why });
