import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { partitionOf } from '@parley/domain/log/partition';
import { shape } from '@parley/domain/shape';
import { decodeWith } from '@parley/domain/text';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Gather } from '../runtime/gather.js';
import { parseJson } from '../runtime/parse-json.js';
import type { RpcReply, RpcRequest } from './protocol.js';

/** Asks command-api; never rejects. `conversationId` says which conversation's order the request keeps. */
export type Ask = (request: RpcRequest & { readonly conversationId?: string }) => Promise<RpcReply>;

/** What a question to command-api comes to. */
export type Asked<A> = E.Either<Refusal, A>;

/** One request for many questions; `about` the first of them says who asks and where to. */
export function batch<Q, A>(
  ask: Ask,
  method: string,
  answer: t.Type<A, unknown, unknown>,
  about: (question: Q) => { readonly user: string; readonly conversationId?: string },
): (questions: readonly Q[]) => Promise<readonly Asked<A>[]> {
  const Answers = shape({ answers: t.readonlyArray(answer) });
  return async (questions) => {
    const { user, ...place } = about(questions[0] as Q);
    const caller = { user, device: 'gateway', scopes: [] };
    const reply = readAnswer(Answers, await ask({ method, params: { questions }, caller, ...place }));
    if (E.isLeft(reply)) return questions.map(() => reply);
    const { answers } = reply.right;
    return questions.map((_, index) => {
      const one = answers[index];
      return one === undefined
        ? E.left(refuse('InternalError', `${method} left a question out`))
        : E.right(one);
    });
  };
}

/** Reads a reply; one that does not fit is refused as `InternalError`. */
export function readAnswer<A>(codec: t.Type<A, unknown, unknown>, reply: RpcReply): Asked<A> {
  if (reply.tag === 'refusal') return E.left(reply.refusal);
  return E.mapLeft((fault: string) => refuse('InternalError', fault))(
    decodeWith(codec, parseJson(reply.json)),
  );
}

/** What is asked of the conversations of a partition goes together, because one instance answers it. */
export function perPartition<Q, A>(
  partitions: number,
  open: () => Gather<Q, A>,
): (conversationId: string) => Gather<Q, A> {
  const gathers = Array.from({ length: partitions }, open);
  return (conversationId) => gathers[partitionOf(conversationId, partitions)] as Gather<Q, A>;
}

/** A question that was refused by itself. */
export const Refused = shape({ refused: t.UnknownRecord as unknown as t.Type<Refusal, Refusal, unknown> });

export const unlessRefused = <A extends object>(
  answer: Asked<A | { readonly refused: Refusal }>,
): Asked<Exclude<A, { readonly refused: Refusal }>> => {
  if (E.isLeft(answer)) return answer;
  return 'refused' in answer.right
    ? E.left(answer.right.refused)
    : E.right(answer.right as Exclude<A, { readonly refused: Refusal }>);
};
