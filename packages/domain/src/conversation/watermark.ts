import * as E from 'fp-ts/lib/Either.js';
import { type Refusal, refuse } from './refusals.js';

/** How far a user has come in a conversation: the newest seq that reached a device, and the newest one seen; 0 is none. */
export type Watermark = { readonly delivered: number; readonly read: number };

/** Where a user's watermarks are after a mark, and whether that is anything new. */
export type Advance = { readonly tag: 'moved' | 'unchanged' } & Watermark;

/**
 * Moves a user's watermarks forward, never back: a mark behind them changes nothing, so marks may arrive late, twice and
 * out of order. What is read has been delivered. `head` is the seq of the conversation's newest event; a mark
 * beyond it is refused (`BeyondTheHead`).
 */
export function advance(
  current: Watermark | undefined,
  mark: Partial<Watermark>,
  head: number,
): E.Either<Refusal, Advance> {
  const { delivered = 0, read = 0 } = mark;
  const furthest = Math.max(delivered, read);
  if (furthest > head) return E.left(refuse('BeyondTheHead', `the newest is ${head}`));
  const before = current ?? { delivered: 0, read: 0 };
  const after = { delivered: Math.max(before.delivered, furthest), read: Math.max(before.read, read) };
  const moved = after.delivered > before.delivered || after.read > before.read;
  return E.right({ tag: moved ? 'moved' : 'unchanged', ...after });
}
