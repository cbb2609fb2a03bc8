import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { shape } from '@parley/domain/shape';
import { decodeWith } from '@parley/domain/text';
import type { RpcReply } from '@parley/infra/rpc/protocol';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Ask } from './ask.js';

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
