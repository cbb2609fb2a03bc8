import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import * as E from 'fp-ts/lib/Either.js';
import type { InternalApi } from '../internal-api.js';

/** Who may watch what of a conversation: its members, asked about anew every few seconds for as long as they do. */
export type Watchers = {
  /** Refuses with `NotMember` who is none, as of {@link FRESH_MS} ago at most. */
  check(conversationId: string, user: string): Promise<E.Either<Refusal, void>>;
  /** Its members have changed: everybody is asked about again. */
  changed(conversationId: string): void;
};

/** For how long an answer is good, in ms: who was put out sees no more than this of what comes after. */
export const FRESH_MS = 10_000;

/** Answers kept; with more, the oldest is asked for again. */
const MOST_KEPT = 20_000;

export function openWatchers(api: Pick<InternalApi, 'membership'>, now: () => number = steadyNow): Watchers {
  const known = new Map<
    string,
    { readonly until: number; readonly answer: Promise<E.Either<Refusal, void>> }
  >();

  async function ask(conversationId: string, user: string): Promise<E.Either<Refusal, void>> {
    const answered = await api.membership(conversationId, [user]);
    if (E.isLeft(answered)) return answered;
    return Object.hasOwn(answered.right.members, user)
      ? E.right(undefined)
      : E.left(refuse('ConversationNotFound'));
  }

  return {
    async check(conversationId, user) {
      const key = `${conversationId} ${user}`;
      const before = known.get(key);
      if (before !== undefined && before.until > now()) return before.answer;
      const answer = ask(conversationId, user);
      known.delete(key);
      known.set(key, { until: now() + FRESH_MS, answer });
      if (known.size > MOST_KEPT) known.delete(known.keys().next().value as string);
      const answered = await answer;
      // What was not answered is asked again.
      if (E.isLeft(answered) && known.get(key)?.answer === answer) known.delete(key);
      return answered;
    },
    changed(conversationId) {
      for (const key of known.keys()) if (key.startsWith(`${conversationId} `)) known.delete(key);
    },
  };
}
