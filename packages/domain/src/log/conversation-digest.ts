import type { SeqRange } from '../conversation/vocabulary.js';
import { addDigest, type Digest, digestOf, emptyDigest, type LoggedEvent } from './digest.js';

/** What all events of one conversation amount to, wherever it is kept and whatever was erased in it. */
export type ConversationDigest = {
  /** Takes the next event, as the log has it: in the order of seqs, each once. */
  add(event: LoggedEvent): void;
  readonly digest: Digest;
  /** Events that are there, and those of which there are remains. */
  readonly events: number;
  readonly lastSeq: number;
  /** Seqs up to the last of which there is neither an event nor remains: lost, or erased by nobody who says so. */
  missing(): readonly SeqRange[];
};

/**
 * Events that were taken out of the log count by what is left of them, so the digest is the same before and after.
 *
 * @param upTo seq of the last event that counts; of later ones only what is left of earlier ones
 */
export function digestConversation(upTo = Number.MAX_SAFE_INTEGER): ConversationDigest {
  const holes: SeqRange[] = [];
  const filled = new Set<number>();
  let digest = emptyDigest;
  let events = 0;
  let lastSeq = 0;

  function count(event: LoggedEvent): void {
    digest = addDigest(digest, digestOf(event));
    events++;
  }

  /** Of an event that is erased and still there, the log says both. */
  function fill(conversationId: string, remains: readonly Omit<LoggedEvent, 'conversationId'>[]): void {
    for (const left of remains) {
      const isMissing = holes.some(([from, to]) => from <= left.seq && left.seq <= to);
      if (!isMissing || filled.has(left.seq)) continue;
      filled.add(left.seq);
      count({ ...left, conversationId });
    }
  }

  return {
    add(event) {
      const before = Math.min(event.seq - 1, upTo);
      if (before > lastSeq) holes.push([lastSeq + 1, before]);
      lastSeq = Math.min(event.seq, upTo);
      if (event.seq <= upTo) count(event);
      if (event.type === 'message.erased') fill(event.conversationId, remainsOf(event.data));
    },
    get digest() {
      return digest;
    },
    get events() {
      return events;
    },
    get lastSeq() {
      return lastSeq;
    },
    missing() {
      const missing: SeqRange[] = [];
      for (const [from, to] of holes)
        for (let seq = from; seq <= to; seq++) {
          if (filled.has(seq)) continue;
          const last = missing.at(-1);
          if (last?.[1] === seq - 1) last[1] = seq;
          else missing.push([seq, seq]);
        }
      return missing;
    },
  };
}

function remainsOf(data: unknown): readonly Omit<LoggedEvent, 'conversationId'>[] {
  const remains = (data as { readonly remains?: unknown } | null)?.remains;
  return Array.isArray(remains) ? remains : [];
}
