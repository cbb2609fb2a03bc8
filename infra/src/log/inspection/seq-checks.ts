import type { Either } from 'fp-ts/lib/Either.js';

/** What is wrong in a stream, and where. */
export type Finding = {
  readonly kind: FindingKind;
  readonly stream: string;
  /** Of the event; for what is missing, of the event after it. */
  readonly streamSeq: number;
  /** Whose seqs they are: a conversation, or a user; undefined where that is not known. */
  readonly of: string | undefined;
  /** One sentence. */
  readonly what: string;
};

/**
 * - `unreadable`: no event that this release knows, of any version;
 * - `misplaced`: in another stream, under another subject or id than its own;
 * - `repeated`: its seq was there before;
 * - `missing`: seqs that no event has and no erasure claims;
 * - `incomplete`: missing from the beginning on, as when the log lost its start.
 */
export type FindingKind = 'unreadable' | 'misplaced' | 'repeated' | 'missing' | 'incomplete';

/** An event as far as its place goes. `claims` are seqs of the same conversation that it says were taken out of the log. */
export type Placed = {
  readonly of: string;
  readonly seq: number;
  readonly id: string;
  readonly claims?: readonly number[];
};

/** A message of the stream: what it holds, or why it cannot be read, and the seq it has even so, if any. */
export type CheckedMessage = {
  readonly streamSeq: number;
  /** Whose it is by its subject. */
  readonly of: string;
  readonly event: Either<string, Placed>;
  readonly seq: number | undefined;
};

export type SeqChecks = {
  check(message: CheckedMessage): void;
  /** To be called once, after the last message. */
  end(): void;
  /** How many conversations, or users, there were. */
  readonly count: number;
};

/** Which partition the stream is, and which one somebody's events belong into. */
export type Home = { readonly partition: number; readonly homeOf: (of: string) => number };

/** Seqs that were not there, first and last, before a message. */
type Hole = { readonly first: number; readonly last: number; readonly before: number };

/**
 * Checks that the seqs of each conversation of a stream are dense from 1, in the stream's order, but for what an erasure claims
 * further on. Pure, but for what it tells. Holds a number for each conversation, and more only for those with holes.
 */
export function seqChecks(
  stream: string,
  { partition, homeOf }: Home,
  tell: (finding: Finding) => void,
): SeqChecks {
  const newest = new Map<string, number>();
  const holes = new Map<string, Hole[]>();

  function place(of: string, seq: number, streamSeq: number): void {
    const before = newest.get(of) ?? 0;
    if (seq <= before) {
      const what = `${of}:${seq} comes after ${of}:${before}`;
      tell({ kind: 'repeated', stream, streamSeq, of, what });
      return;
    }
    newest.set(of, seq);
    if (before === 0 && homeOf(of) !== partition) {
      const what = `${of} belongs into partition ${homeOf(of)}`;
      tell({ kind: 'misplaced', stream, streamSeq, of, what });
    }
    if (seq > before + 1)
      holes.set(of, [...(holes.get(of) ?? []), { first: before + 1, last: seq - 1, before: streamSeq }]);
  }

  function claim(of: string, seqs: readonly number[]): void {
    const open = holes.get(of);
    if (open === undefined) return;
    const left = seqs.reduce<readonly Hole[]>(
      (some, seq) => some.flatMap((hole) => without(hole, seq)),
      open,
    );
    if (left.length === 0) holes.delete(of);
    else holes.set(of, [...left]);
  }

  return {
    get count() {
      return newest.size;
    },
    check({ streamSeq, of, event, seq }) {
      if (event._tag === 'Left') {
        tell({ kind: 'unreadable', stream, streamSeq, of, what: event.left });
        if (seq !== undefined) place(of, seq, streamSeq);
        return;
      }
      const { id, claims } = event.right;
      const placed = event.right;
      if (placed.of !== of) {
        const what = `it is of ${placed.of}, under the subject of ${of}`;
        tell({ kind: 'misplaced', stream, streamSeq, of, what });
        return;
      }
      if (id !== `${of}:${placed.seq}`) {
        const what = `its id is ${id}, its place ${of}:${placed.seq}`;
        tell({ kind: 'misplaced', stream, streamSeq, of, what });
      }
      place(of, placed.seq, streamSeq);
      if (claims !== undefined) claim(of, claims);
    },
    end() {
      for (const [of, open] of holes) {
        for (const { first, last, before } of open) {
          const what = first === last ? `${of}:${first} is missing` : `${of}:${first} to ${last} are missing`;
          tell({ kind: first === 1 ? 'incomplete' : 'missing', stream, streamSeq: before, of, what });
        }
      }
    },
  };
}

/** What is left of a hole when one seq of it is claimed. */
function without({ first, last, before }: Hole, seq: number): readonly Hole[] {
  if (seq < first || seq > last) return [{ first, last, before }];
  return [
    { first, last: seq - 1, before },
    { first: seq + 1, last, before },
  ].filter((hole) => hole.first <= hole.last);
}
