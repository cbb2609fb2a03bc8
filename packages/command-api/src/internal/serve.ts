import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { ConversationId, DeviceId, Seq, UserId } from '@parley/domain/ids';
import { shape } from '@parley/domain/shape';
import { boundedArray, boundedInteger, decodeWith } from '@parley/domain/text';
import { MAX_WATCHED } from '@parley/domain/wire/presence';
import type { RpcReply, RpcRequest } from '@parley/infra/rpc/protocol';
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import type { CommandResources } from '../commands/handle.js';
import type { Accounts } from '../devices/accounts.js';
import type { Dispatch } from '../dispatch.js';
import type { NewestPageResources } from '../queries/newest-page.js';
import { unlessLogIsAway } from '../unless-log-is-away.js';
import { acquaintances } from './acquaintances.js';
import { calls } from './call.js';
import { callLost } from './call-lost.js';
import { inCalls } from './in-calls.js';
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
const CallParams = questions(shape({ conversationId: ConversationId }));
const CallLostParams = shape({ conversationId: ConversationId, call: Seq, participant: Seq });
const InCallsParams = shape({}, { after: CallLostParams });
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
  readonly commands: CommandResources;
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

type Answered = E.Either<Refusal, string>;
type Question = (resources: InternalResources, params: unknown) => Promise<Answered>;

/** What gateways alone may ask, by its name. */
export const internalQuestions: Readonly<Record<string, Question>> = {
  'internal.memberships': question(MembershipsParams, async (resources, { questions }) =>
    toJson({ answers: await memberships(resources, questions) }),
  ),
  'internal.revoked': question(RevokedParams, async ({ accounts }, { questions }) =>
    toJson({ answers: await areRevoked(accounts, questions) }),
  ),
  'internal.membership': question(MembershipParams, async ({ store, now }, { questions }) =>
    toJson({ answers: await membership(store, now(), questions) }),
  ),
  'internal.call': question(CallParams, async ({ store, now }, { questions }) =>
    toJson({ answers: await calls(store, now(), questions) }),
  ),
  'internal.callLost': question(CallLostParams, async ({ commands, now }, lost) =>
    E.map(JSON.stringify)(await callLost(commands, now(), lost)),
  ),
  'internal.inCalls': question(InCallsParams, async (resources, { after }) =>
    E.map(JSON.stringify)(await inCalls(resources, after)),
  ),
  'internal.acquaintances': question(AcquaintancesParams, async (resources, asked) =>
    E.map(JSON.stringify)(await acquaintances(resources, asked)),
  ),
  'internal.replay': question(ReplayParams, async ({ replay }, { questions }) =>
    E.right(`{"answers":[${(await replay(questions)).map(replayedJson).join()}]}`),
  ),
};

/** The answer as JSON. */
async function internal(resources: InternalResources, method: string, params: unknown): Promise<Answered> {
  const asked = Object.hasOwn(internalQuestions, method) ? internalQuestions[method] : undefined;
  return asked === undefined
    ? E.left(refuse('MethodNotFound', method.slice(0, 100)))
    : asked(resources, params);
}

function toJson(answer: unknown): Answered {
  return E.right(JSON.stringify(answer));
}

/** Events are JSON already. */
function replayedJson(replayed: Replayed): string {
  if (!('events' in replayed)) return JSON.stringify(replayed);
  const { events, last, head } = replayed;
  return `{"events":[${events.join()}],"last":${last},"head":${head}}`;
}

function question<A>(
  codec: t.Type<A, unknown, unknown>,
  answer: (resources: InternalResources, asked: A) => Promise<Answered>,
): Question {
  return async (resources, params) => {
    const decoded = decodeWith(codec, params);
    return E.isLeft(decoded)
      ? E.left(refuse('InvalidParams', decoded.left))
      : answer(resources, decoded.right);
  };
}
