import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { ConversationId, DeviceId, Seq, UserId } from '@parley/domain/ids';
import { shape } from '@parley/domain/shape';
import { boundedArray, boundedInteger, decodeWith } from '@parley/domain/text';
import { MAX_WATCHED } from '@parley/domain/wire/presence';
import type { RpcReply, RpcRequest } from '@parley/infra/rpc/protocol';
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import type { Accounts } from '../devices/accounts.js';
import type { Dispatch } from '../dispatch.js';
import type { NewestPageResources } from '../queries/newest-page.js';
import { unlessLogIsAway } from '../unless-log-is-away.js';
import { acquaintances } from './acquaintances.js';
import { membership } from './membership.js';
import { memberships } from './memberships.js';
import type { Replay, Replayed } from './replay.js';
import { areRevoked } from './revoked.js';

/** Most questions of one request; fewer where each is about many people. */
const MAX_QUESTIONS = 512;

const questions = <A>(question: t.Type<A, unknown, unknown>) =>
  shape({ questions: boundedArray('questions', question, 1, MAX_QUESTIONS) });
const MembershipsParams = questions(shape({ user: UserId }, { after: ConversationId }));
const RevokedParams = questions(shape({ user: UserId, device: DeviceId }));
const AcquaintancesParams = shape({
  user: UserId,
  users: boundedArray('users', UserId, 1, MAX_WATCHED),
});
const MembershipParams = questions(
  shape({ conversationId: ConversationId, users: boundedArray('users', UserId, 1, 1_000) }),
);
const ReplayParams = questions(
  shape({
    conversationId: ConversationId,
    after: boundedInteger('after', 0, Number.MAX_SAFE_INTEGER),
    limit: Seq,
    until: boundedInteger('until', 0, Number.MAX_SAFE_INTEGER),
  }),
);

export type InternalResources = NewestPageResources & {
  readonly accounts: Accounts;
  readonly replay: Replay;
};

/** Answers what gateways ask over NATS: the methods of the wire, and those that are theirs alone. */
export function serveGateways(
  dispatch: Dispatch,
  resources: InternalResources,
): (request: RpcRequest) => Promise<RpcReply> {
  return async ({ method, params, caller }) => {
    const outcome = method.startsWith('internal.')
      ? await unlessLogIsAway(internal(resources, method, params))
      : E.map((answer: unknown) => JSON.stringify(answer))(await dispatch(method, params, caller));
    return E.isLeft(outcome)
      ? { tag: 'refusal', refusal: outcome.left }
      : { tag: 'result', json: outcome.right };
  };
}

/** The answer as JSON. */
async function internal(
  resources: InternalResources,
  method: string,
  params: unknown,
): Promise<E.Either<Refusal, string>> {
  switch (method) {
    case 'internal.memberships':
      return withParams(MembershipsParams, params, async ({ questions }) =>
        toJson({ answers: await memberships(resources, questions) }),
      );
    case 'internal.revoked':
      return withParams(RevokedParams, params, async ({ questions }) =>
        toJson({ answers: await areRevoked(resources.accounts, questions) }),
      );
    case 'internal.membership':
      return withParams(MembershipParams, params, async ({ questions }) =>
        toJson({ answers: await membership(resources.store, resources.now(), questions) }),
      );
    case 'internal.acquaintances':
      return withParams(AcquaintancesParams, params, async (asked) =>
        E.map(JSON.stringify)(await acquaintances(resources, asked)),
      );
    case 'internal.replay':
      return withParams(ReplayParams, params, async ({ questions }) =>
        E.right(`{"answers":[${(await resources.replay(questions)).map(replayedJson).join()}]}`),
      );
    default:
      return E.left(refuse('MethodNotFound', method.slice(0, 100)));
  }
}

const toJson = (answer: unknown): E.Either<Refusal, string> => E.right(JSON.stringify(answer));

/** Events are JSON already. */
function replayedJson(replayed: Replayed): string {
  if (!('events' in replayed)) return JSON.stringify(replayed);
  const { events, last, head } = replayed;
  return `{"events":[${events.join()}],"last":${last},"head":${head}}`;
}

async function withParams<A>(
  codec: t.Type<A, unknown, unknown>,
  params: unknown,
  run: (decoded: A) => Promise<E.Either<Refusal, string>>,
): Promise<E.Either<Refusal, string>> {
  const decoded = decodeWith(codec, params);
  return E.isLeft(decoded) ? E.left(refuse('InvalidParams', decoded.left)) : run(decoded.right);
}
