import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { isLogAway } from '@parley/infra/log/log-away';

/** Milliseconds one question may keep the others of its batch waiting; what it loads meanwhile is there when it is asked again. */
const WITHIN_MS = 3_000;

/** The answer to one question of many: refused, instead of failing the others, where the log does not answer in time. */
export async function settled<A>(answer: Promise<A>): Promise<A | { readonly refused: Refusal }> {
  const late = new AbortController();
  const refusal = sleep(WITHIN_MS, undefined, { signal: late.signal }).then(() => unavailable);
  refusal.catch(() => undefined);
  try {
    return await Promise.race([answer, refusal]);
  } catch (error) {
    if (!isLogAway(error)) throw error;
    return unavailable;
  } finally {
    late.abort();
  }
}

const unavailable = { refused: refuse('Unavailable', 'the log does not answer') } as const;
