import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { partitionOf } from '@parley/domain/log/partition';
import { shape } from '@parley/domain/shape';
import { decodeWith } from '@parley/domain/text';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type GatherOptions, openGather } from '../runtime/gather.js';
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

export type ConversationQuestions<Q, A> = Omit<GatherOptions<Q, Asked<A>>, 'ask'> & {
  readonly ask: Ask;
  readonly partitions: number;
  readonly method: string;
  readonly answer: t.Type<A, unknown, unknown>;
  /** Who asks. */
  readonly as: (question: Q) => string;
};

/** Questions about conversations, each of which may be refused by itself: those of a partition go together, because one instance answers them. */
export function aboutConversations<Q extends { readonly conversationId: string }, A extends object>({
  ask,
  partitions,
  method,
  answer,
  as,
  ...bounds
}: ConversationQuestions<Q, A>): (question: Q) => Promise<Asked<A>> {
  const codec = t.union([Refused, answer]);
  const about = (question: Q) => ({ user: as(question), conversationId: question.conversationId });
  const gathers = Array.from({ length: partitions }, () =>
    openGather({ ...bounds, ask: batch(ask, method, codec, about) }),
  );
  return async (question) => {
    const gather = gathers[partitionOf(question.conversationId, partitions)] as (typeof gathers)[number];
    const answered = await gather.ask(question);
    if (E.isLeft(answered)) return answered;
    return 'refused' in answered.right ? E.left(answered.right.refused) : E.right(answered.right);
  };
}

const Refused = shape({ refused: t.UnknownRecord as unknown as t.Type<Refusal, Refusal, unknown> });
