import { MAX_RESUME } from '@parley/domain/wire/core-methods';

/** What to do with an event at a seq. */
export type Verdict = 'deliver' | 'duplicate' | 'gap';

/**
 * Room for `resume` in the one frame that carries it, in characters: a frame has 128 KiB, of which the token may take 8.
 */
export const MAX_RESUME_CHARS = 110_000;

/** Where a reader is in each of their conversations: the one place that decides what is new, old, or missing. */
export type Positions = {
  /** Judges an event, and moves on when it is to be delivered. */
  judge(conversationId: string, seq: number): Verdict;
  /** The reader entered at `seq`: what came before is not theirs, so the next event may be that one. */
  entered(conversationId: string, seq: number): void;
  /** A page showed the reader everything up to `seq`. Counts where no event has been delivered yet. */
  learned(conversationId: string, seq: number): void;
  /** The reader is no member any more: there is nothing to resume until they enter again. */
  exited(conversationId: string): void;
  /** What is missing cannot be replayed: the next event is taken as it comes. */
  forget(conversationId: string): void;
  /** Newest seq known, delivered or learned. */
  newest(conversationId: string): number | undefined;
  /** Newest seq delivered. */
  delivered(conversationId: string): number | undefined;
  /**
   * What `session.open` is told. Conversations that have no room in it, the longest silent first, are `left`: for them
   * a break is a gap, so they are to be read anew.
   */
  resume(): { readonly resume: Readonly<Record<string, number>>; readonly left: readonly string[] };
};

type Position = { readonly at: number; readonly seen: boolean; readonly out?: true };

/** Starts from the seqs up to which the reader has everything. */
export function createPositions(start: Readonly<Record<string, number>> = {}): Positions {
  const positions = new Map<string, Position>();
  for (const [conversationId, at] of Object.entries(start)) positions.set(conversationId, { at, seen: true });

  /** Moved to the end: the map's order is from the longest silent to the newest. */
  function moveTo(conversationId: string, at: number): void {
    positions.delete(conversationId);
    positions.set(conversationId, { at, seen: true });
  }

  return {
    judge(conversationId, seq) {
      const position = positions.get(conversationId);
      if (position?.seen) {
        if (seq <= position.at) return 'duplicate';
        if (seq > position.at + 1) return 'gap';
      }
      moveTo(conversationId, seq);
      return 'deliver';
    },
    entered(conversationId, seq) {
      const position = positions.get(conversationId);
      if (!position?.seen || position.at < seq) moveTo(conversationId, seq - 1);
    },
    learned(conversationId, seq) {
      const position = positions.get(conversationId);
      if (position?.seen) return;
      if (position === undefined || position.at < seq)
        positions.set(conversationId, { at: seq, seen: false });
    },
    exited(conversationId) {
      const position = positions.get(conversationId);
      if (position !== undefined) positions.set(conversationId, { ...position, out: true });
    },
    forget: (conversationId) => void positions.delete(conversationId),
    newest: (conversationId) => positions.get(conversationId)?.at,
    delivered(conversationId) {
      const position = positions.get(conversationId);
      return position?.seen ? position.at : undefined;
    },
    resume() {
      const resume: Record<string, number> = {};
      const left: string[] = [];
      let room = MAX_RESUME_CHARS;
      let count = 0;
      for (const [conversationId, { at, out }] of [...positions].reverse()) {
        if (out) continue;
        const takes = conversationId.length + String(at).length + 4;
        if (count >= MAX_RESUME || takes > room) left.push(conversationId);
        else {
          resume[conversationId] = at;
          room -= takes;
          count++;
        }
      }
      return { resume, left };
    },
  };
}
