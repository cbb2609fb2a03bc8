import * as E from 'fp-ts/lib/Either.js';

/**
 * How far a replay has come: per partition the stream sequence of the last event it has passed, 0 where it has passed none; and
 * of how many partitions the log is, because a place is in another one with another number.
 */
export type Position = { readonly partitions: number; readonly passed: ReadonlyMap<number, number> };

/** As text: the number of partitions, then those of which something is passed, such as `16/0:1234,3:99`. */
export function formatPosition({ partitions, passed }: Position): string {
  const places = [...passed].filter(([, streamSeq]) => streamSeq > 0).sort(([a], [b]) => a - b);
  return `${partitions}/${places.map((place) => place.join(':')).join(',')}`;
}

/** What `formatPosition` gives, or why it is none. */
export function parsePosition(text: string): E.Either<string, Position> {
  const [, count, places] = FORM.exec(text) ?? [];
  if (places === undefined) return E.left(NOT_ONE);
  const partitions = Number(count);
  const passed = new Map<number, number>();
  for (const place of places.split(',').filter((each) => each !== '')) {
    const [partition = 0, streamSeq = 0] = place.split(':').map(Number);
    if (partition >= partitions || passed.has(partition) || !Number.isSafeInteger(streamSeq))
      return E.left(NOT_ONE);
    passed.set(partition, streamSeq);
  }
  return E.right({ partitions, passed });
}

const FORM = /^([1-9]\d?)\/((?:\d{1,2}:\d{1,16}(?:,\d{1,2}:\d{1,16})*)?)$/;

const NOT_ONE = 'A position is what a replay prints at its end, such as 16/0:1234,3:99.';
