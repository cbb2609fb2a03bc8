import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { isLogAway } from '@parley/infra/log/log-away';

/** Milliseconds one question may keep the others of its batch waiting; what it loads meanwhile is there when it is asked again. */
const WITHIN_MS = 3_000;

type Refused = { readonly refused: Refusal };

/** The answers to the questions of a batch, each refused by itself where the log does not answer it in time. */
export async function settled<A>(answers: readonly Promise<A>[]): Promise<readonly (A | Refused)[]> {
  const { promise: late, resolve } = Promise.withResolvers<Refused>();
  const timer = setTimeout(resolve, WITHIN_MS, unavailable);
  try {
    return await Promise.all(answers.map((answer) => Promise.race([answer.catch(unlessAway), late])));
  } finally {
    clearTimeout(timer);
  }
}

const unavailable: Refused = { refused: refuse('Unavailable', 'the log does not answer') };

function unlessAway(error: unknown): Refused {
  if (!isLogAway(error)) throw error;
  return unavailable;
}
