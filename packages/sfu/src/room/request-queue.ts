import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';

export type RequestQueue = {
  /** Runs `task` after those before it of the same participant; refuses when too many wait. `task` never rejects. */
  run<A>(participant: number, task: () => Promise<E.Either<Refusal, A>>): Promise<E.Either<Refusal, A>>;
};

/** One line for each participant, each with at most `most` requests in it. */
export function openRequestQueue(most: number): RequestQueue {
  const lines = new Map<number, { last: Promise<unknown>; length: number }>();
  return {
    async run(participant, task) {
      const line = lines.get(participant) ?? { last: Promise.resolve(), length: 0 };
      if (line.length >= most) return E.left(refuse('TooManyRequests'));
      lines.set(participant, line);
      line.length++;
      const done = line.last.then(task);
      line.last = done;
      try {
        return await done;
      } finally {
        line.length--;
        if (line.length === 0) lines.delete(participant);
      }
    },
  };
}
