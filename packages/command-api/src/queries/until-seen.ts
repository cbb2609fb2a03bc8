import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import * as E from 'fp-ts/lib/Either.js';

/** How long a read waits for the projection to reach what it must have seen, in ms, and how often it looks. */
const PATIENCE = 2_000;
const STEP = 20;

/**
 * Reads again until the answer has seen what it must have; refused when it has not within two seconds, and at once where the rows
 * stand still: they would not come further.
 */
export async function untilSeen<A, B extends A = A>(
  read: () => Promise<A>,
  hasSeen: ((answer: A) => answer is B) | ((answer: A) => boolean),
  standsStill: () => Promise<boolean>,
): Promise<E.Either<Refusal, B>> {
  const deadline = steadyNow() + PATIENCE;
  for (let looks = 0; steadyNow() < deadline; looks++) {
    const answer = await read();
    if (hasSeen(answer)) return E.right(answer as B);
    if (looks === 0 && (await standsStill())) return E.left(refuse('ConversationParked'));
    await sleep(STEP);
  }
  return E.left(refuse((await standsStill()) ? 'ConversationParked' : 'ReadBehind'));
}
