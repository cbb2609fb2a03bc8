import type { LineKind } from './plan.js';

/** Lines by what they were; the numbers sum to the lines read. */
export type Tally = { readonly [K in LineKind]: number };

export const emptyTally: Tally = {
  message: 0,
  action: 0,
  join: 0,
  leave: 0,
  kick: 0,
  rename: 0,
  empty: 0,
  channel: 0,
  notice: 0,
  refused: 0,
  nick: 0,
  unknown: 0,
};

/** The kinds that are not brought over, in words. */
export const unreadWords = {
  empty: 'no text in it',
  channel: 'modes, topics, net splits',
  notice: 'notices from outside',
  refused: 'text that may not be stored',
  nick: 'nick too long',
  unknown: 'unknown shape',
} as const satisfies Partial<Record<LineKind, string>>;

export type UnreadKind = keyof typeof unreadWords;
export const unreadKinds = Object.keys(unreadWords) as readonly UnreadKind[];
export const isUnread = (kind: LineKind): kind is UnreadKind => Object.hasOwn(unreadWords, kind);

/** The five numbers an import reports; they sum to `lines`. */
export function summary(tally: Tally) {
  const membership = { joins: tally.join, leaves: tally.leave, kicks: tally.kick };
  const notUnderstood = unreadKinds.reduce((sum, kind) => sum + tally[kind], 0);
  const lines = Object.values(tally).reduce((sum, count) => sum + count, 0);
  return {
    lines,
    messages: tally.message,
    actions: tally.action,
    membership: tally.join + tally.leave + tally.kick,
    nickChanges: tally.rename,
    notUnderstood,
    detail: { membership, notUnderstood: Object.fromEntries(unreadKinds.map((kind) => [kind, tally[kind]])) },
  };
}
