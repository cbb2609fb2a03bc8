/** What became of a job this time. */
export type Outcome =
  | { readonly tag: 'done' }
  /** The event that it follows from is not in the log: it may be on its way, or never have been appended. */
  | { readonly tag: 'not yet' }
  /** It has to wait: for a legal hold to be lifted, for rows to catch up, for others who are faster. */
  | { readonly tag: 'later'; readonly why: 'held' | 'behind' | 'contended' };

export const done: Outcome = { tag: 'done' };
export const notYet: Outcome = { tag: 'not yet' };
export const later = (why: 'held' | 'behind' | 'contended'): Outcome => ({ tag: 'later', why });
