import type { SeqRange } from '@parley/domain/conversation/vocabulary';

/** A message by its seq, and by its number among the messages of its conversation. */
export type Numbered = { readonly seq: number; readonly ordinal: number };

/**
 * Messages as few ranges of seqs. Those that follow each other by number have no message between them: whatever events lie there
 * are of no message, and a range may pass over them.
 */
export function rangesOf(messages: readonly Numbered[]): readonly SeqRange[] {
  const ranges: [number, number][] = [];
  let before: Numbered | undefined;
  for (const message of messages.toSorted((a, b) => a.seq - b.seq)) {
    const range = ranges.at(-1);
    if (range !== undefined && message.ordinal === (before as Numbered).ordinal + 1) range[1] = message.seq;
    else ranges.push([message.seq, message.seq]);
    before = message;
  }
  return ranges;
}

/** What is left of ranges without what others cover. */
export const without = (ranges: readonly SeqRange[], others: readonly SeqRange[]): readonly SeqRange[] =>
  others.reduce((left, other) => left.flatMap((range) => cut(range, other)), ranges);

function cut([from, to]: SeqRange, [first, last]: SeqRange): readonly SeqRange[] {
  if (last < from || to < first) return [[from, to]];
  const rest: SeqRange[] = [];
  if (from < first) rest.push([from, first - 1]);
  if (last < to) rest.push([last + 1, to]);
  return rest;
}
