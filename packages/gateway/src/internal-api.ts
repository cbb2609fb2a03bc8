import { isEventType } from '@parley/domain/conversation/events';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeWith } from '@parley/domain/text';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { RpcReply } from '@parley/infra/rpc/protocol';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Ask } from './ask.js';

/** What only gateways ask of command-api. A reply that does not fit is refused as `InternalError`. */
export type InternalApi = {
  /** The conversations of a user; not `complete` while the read model is away. */
  memberships(user: string): Promise<E.Either<Refusal, Memberships>>;
  /** Which of 1 to 1,000 `users` are members now, and the newest event; never older than the moment of asking. */
  membership(conversationId: string, users: readonly string[]): Promise<E.Either<Refusal, Membership>>;
  /** Which of 1 to 500 `users` share a conversation with `user`, as far as the read model has come. */
  acquaintances(user: string, users: readonly string[]): Promise<E.Either<Refusal, Acquaintances>>;
  /** At most `limit` events after `after`, as `user` may see them. */
  replay(
    conversationId: string,
    user: string,
    after: number,
    limit: number,
  ): Promise<E.Either<Refusal, Replayed>>;
};

/** Most users one question may name. */
export const MAX_USERS_ASKED = 1_000;

const Memberships = t.strict({ conversations: t.readonlyArray(t.string), complete: t.boolean });
export type Memberships = t.TypeOf<typeof Memberships>;

const Membership = t.strict({
  revision: t.number,
  members: t.record(t.string, t.strict({ since: t.number, banHash: t.string })),
});
export type Membership = t.TypeOf<typeof Membership>;

const Acquaintances = t.strict({ users: t.readonlyArray(t.string) });
export type Acquaintances = t.TypeOf<typeof Acquaintances>;

/** Decoded by command-api a moment ago: looked at no further than delivery needs. */
const Live = new t.Type<LiveEvent>(
  'event',
  (input): input is LiveEvent => E.isRight(LivePlace.decode(input)),
  (input, context) =>
    E.isRight(LivePlace.decode(input)) ? t.success(input as LiveEvent) : t.failure(input, context),
  t.identity,
);
const LivePlace = t.type({
  seq: t.number,
  type: t.refinement(t.string, isEventType),
  actor: t.string,
  data: t.UnknownRecord,
});
const Replayed = t.strict({ events: t.readonlyArray(Live), head: t.number, hasMore: t.boolean });
export type Replayed = t.TypeOf<typeof Replayed>;

export function openInternalApi(ask: Ask): InternalApi {
  const caller = (user: string) => ({ user, device: 'gateway', scopes: [] });
  return {
    async memberships(user) {
      return read(
        Memberships,
        await ask({ method: 'internal.memberships', params: { user }, caller: caller(user) }),
      );
    },
    async membership(conversationId, users) {
      const params = { conversationId, users };
      const asked = {
        method: 'internal.membership',
        params,
        caller: caller(users[0] as string),
        conversationId,
      };
      return read(Membership, await ask(asked));
    },
    async acquaintances(user, users) {
      const params = { user, users };
      return read(
        Acquaintances,
        await ask({ method: 'internal.acquaintances', params, caller: caller(user) }),
      );
    },
    async replay(conversationId, user, after, limit) {
      const params = { conversationId, user, after, limit };
      return read(
        Replayed,
        await ask({ method: 'internal.replay', params, caller: caller(user), conversationId }),
      );
    },
  };
}

function read<A>(codec: t.Type<A, unknown, unknown>, reply: RpcReply): E.Either<Refusal, A> {
  if (reply.tag === 'refusal') return E.left(reply.refusal);
  return E.mapLeft((fault: string) => refuse('InternalError', fault))(decodeWith(codec, parse(reply.json)));
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
