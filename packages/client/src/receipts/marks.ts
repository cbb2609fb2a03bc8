import type { ReceiptMark } from '@parley/domain/wire/receipts';
import type { Core } from '../core.js';
import { RefusalError } from '../refusal-error.js';
import { elapsed } from '../time/elapsed.js';

/** Moves my watermarks: what is marked is gathered over all conversations and told together. */
export type Marks = {
  /** Everything up to `seq` has reached this device; or has been seen. */
  delivered(conversationId: string, seq: number): void;
  read(conversationId: string, seq: number): void;
  close(): void;
};

/** Milliseconds between two tellings. */
const GATHER_MS = 200;

/** Milliseconds after which what could not be told is told again, unless the server says more. */
const RETRY_MS = 1_000;

/** Marks in one request. */
const MAX_MARKS = 500;

type Due = { readonly delivered: number; readonly read: number };

export function createMarks(core: Core): Marks {
  /** What is still to be told, and what has been. */
  const due = new Map<string, Due>();
  const told = new Map<string, Due>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  let isTelling = false;

  function mark(conversationId: string, delivered: number, read: number): void {
    const before = due.get(conversationId) ?? told.get(conversationId) ?? { delivered: 0, read: 0 };
    if (delivered <= before.delivered && read <= before.read) return;
    due.set(conversationId, {
      delivered: Math.max(before.delivered, delivered),
      read: Math.max(before.read, read),
    });
    tellSoon();
  }

  function tellSoon(): void {
    if (timer !== undefined || isTelling || due.size === 0 || core.state().tag !== 'open') return;
    timer = setTimeout(() => void tell(), Math.max(0, toldAt + GATHER_MS - elapsed()));
  }

  async function tell(): Promise<void> {
    timer = undefined;
    isTelling = true;
    const batch = [...due].slice(0, MAX_MARKS);
    for (const [conversationId] of batch) due.delete(conversationId);
    let wait = 0;
    try {
      const { refused = [] } = await core.call('receipt.mark', { marks: batch.map(markOf) });
      // What is refused for good is let go of.
      const later = new Set(
        refused.filter(({ retryable }) => retryable).map(({ conversationId }) => conversationId),
      );
      const never = new Set(refused.map(({ conversationId }) => conversationId));
      for (const [conversationId, mark] of batch)
        if (!never.has(conversationId)) told.set(conversationId, mark);
      again(batch.filter(([conversationId]) => later.has(conversationId)));
      if (later.size > 0) wait = RETRY_MS;
    } catch (error) {
      if (error instanceof RefusalError && error.retryable) {
        again(batch);
        wait = Math.max(RETRY_MS, error.retryAfterMs ?? 0);
      }
    }
    isTelling = false;
    toldAt = elapsed() + wait;
    tellSoon();
  }

  function again(batch: readonly (readonly [string, Due])[]): void {
    for (const [conversationId, mark] of batch) {
      const newer = due.get(conversationId);
      due.set(conversationId, {
        delivered: Math.max(mark.delivered, newer?.delivered ?? 0),
        read: Math.max(mark.read, newer?.read ?? 0),
      });
    }
  }

  const off = core.on('state', ({ tag }) => {
    if (tag === 'open') tellSoon();
  });

  return {
    delivered: (conversationId, seq) => mark(conversationId, seq, 0),
    read: (conversationId, seq) => mark(conversationId, seq, seq),
    close() {
      clearTimeout(timer);
      off();
    },
  };
}

const markOf = ([conversationId, { delivered, read }]: readonly [string, Due]): ReceiptMark => ({
  conversationId,
  ...(delivered > 0 ? { delivered } : {}),
  ...(read > 0 ? { read } : {}),
});
