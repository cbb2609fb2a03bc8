import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { ConversationId, DeviceId, Seq, UserId } from '@parley/domain/ids';
import { shape } from '@parley/domain/shape';
import { boundedArray, boundedInteger, decodeWith } from '@parley/domain/text';
import { MAX_WATCHED } from '@parley/domain/wire/presence';
import type { RpcReply, RpcRequest } from '@parley/infra/rpc/protocol';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Accounts } from '../devices/accounts.js';
import type { Dispatch } from '../dispatch.js';
import type { NewestPageResources } from '../queries/newest-page.js';
import { unlessLogIsAway } from '../unless-log-is-away.js';
import { acquaintances } from './acquaintances.js';
import { membership } from './membership.js';
import { memberships } from './memberships.js';
import { replay } from './replay.js';
import { areRevoked } from './revoked.js';

const RevokedParams = shape({
  questions: boundedArray('questions', shape({ user: UserId, device: DeviceId }), 1, 1_000),
});
const MembershipParams = t.strict({
  conversationId: ConversationId,
  users: boundedArray('users', UserId, 1, 1_000),
});
const AcquaintancesParams = t.strict({
  user: UserId,
  users: boundedArray('users', UserId, 1, MAX_WATCHED),
});
const ReplayParams = t.strict({
  conversationId: ConversationId,
  user: UserId,
  after: boundedInteger('after', 0, Number.MAX_SAFE_INTEGER),
  limit: Seq,
});

export type InternalResources = NewestPageResources & { readonly accounts: Accounts };

/** Answers what gateways ask over NATS: the methods of the wire, and those that are theirs alone. */
export function serveGateways(
  dispatch: Dispatch,
  resources: InternalResources,
): (request: RpcRequest) => Promise<RpcReply> {
  return async ({ method, params, caller }) => {
    const outcome = method.startsWith('internal.')
      ? await unlessLogIsAway(internal(resources, method, params))
      : await dispatch(method, params, caller);
    return E.isLeft(outcome)
      ? { tag: 'refusal', refusal: outcome.left }
      : { tag: 'result', json: JSON.stringify(outcome.right) };
  };
}

async function internal(
  resources: InternalResources,
  method: string,
  params: unknown,
): Promise<E.Either<Refusal, unknown>> {
  switch (method) {
    case 'internal.memberships':
      return withParams(t.strict({ user: UserId }), params, async ({ user }) =>
        E.right(await memberships(resources, user)),
      );
    case 'internal.revoked':
      return withParams(RevokedParams, params, async ({ questions }) =>
        E.right({ answers: await areRevoked(resources.accounts, questions) }),
      );
    case 'internal.membership':
      return withParams(MembershipParams, params, async ({ conversationId, users }) =>
        E.right(await membership(resources.store, conversationId, users)),
      );
    case 'internal.acquaintances':
      return withParams(AcquaintancesParams, params, (asked) => acquaintances(resources, asked));
    case 'internal.replay':
      return withParams(ReplayParams, params, (wanted) => replay(resources.jsm, resources.store, wanted));
    default:
      return E.left(refuse('MethodNotFound', method.slice(0, 100)));
  }
}

async function withParams<A>(
  codec: t.Type<A, unknown, unknown>,
  params: unknown,
  run: (decoded: A) => Promise<E.Either<Refusal, unknown>>,
): Promise<E.Either<Refusal, unknown>> {
  const decoded = decodeWith(codec, params);
  return E.isLeft(decoded) ? E.left(refuse('InvalidParams', decoded.left)) : run(decoded.right);
}
