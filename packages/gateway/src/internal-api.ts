import { isEventType } from '@parley/domain/conversation/events';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { shape } from '@parley/domain/shape';
import type { LiveEvent } from '@parley/domain/wire/live';
import { type Ask, type Asked, aboutConversations, batch, readAnswer } from '@parley/infra/rpc/questions';
import { openGather } from '@parley/infra/runtime/gather';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

/**
 * What only gateways ask of command-api. What is asked in one tick, or while earlier questions are under way, goes together: a session
 * opens thousands of conversations at once, and thousands of sessions the same ones. A reply that does not fit is
 * refused as `InternalError`.
 */
export type InternalApi = {
  /** The conversations of a user; not `complete` while the read model is away. */
  memberships(user: string): Promise<E.Either<Refusal, Memberships>>;
  /** Which of 1 to 1,000 `users` are members now, and the newest event; never older than the moment of asking. */
  membership(conversationId: string, users: readonly string[]): Promise<E.Either<Refusal, Membership>>;
  /** Which of 1 to 500 `users` share a conversation with `user`, as far as the read model has come. */
  acquaintances(user: string, users: readonly string[]): Promise<E.Either<Refusal, Acquaintances>>;
  /**
   * Events after `after`, at most `limit`, at least as far as `until`, which the log has; `later` when there was no room for
   * them in the answer.
   */
  replay(
    conversationId: string,
    after: number,
    limit: number,
    until: number,
  ): Promise<E.Either<Refusal, Replayed>>;
};

/** Most users one question may name. */
export const MAX_USERS_ASKED = 1_000;

/** What one request may ask, and how many of a kind and partition are under way at once. */
const MOST_PEOPLE = 64;
const MOST_USERS = 1_000;
const USERS_PER_CONVERSATION = 4;
const MOST_PAGES = 128;
const AT_ONCE = 2;

const Later = shape({ later: t.literal(true) });

const MembershipsPage = t.union([
  shape({ conversations: t.readonlyArray(t.string), complete: t.boolean, hasMore: t.boolean }),
  Later,
]);
export type Memberships = { readonly conversations: readonly string[]; readonly complete: boolean };

const Membership = shape(
  {
    revision: t.number,
    activeAt: t.number,
    members: t.record(t.string, shape({ since: t.number, banHash: t.string })),
  },
  { endsAt: t.number },
);
export type Membership = t.TypeOf<typeof Membership>;

const Acquaintances = t.strict({ users: t.readonlyArray(t.string) });
export type Acquaintances = t.TypeOf<typeof Acquaintances>;

/** Decoded by command-api a moment ago: looked at no further than delivery needs. */
const Live = new t.Type<LiveEvent>(
  'event',
  isLive,
  (input, context) => (isLive(input) ? t.success(input) : t.failure(input, context)),
  t.identity,
);
function isLive(input: unknown): input is LiveEvent {
  const { seq, type, actor, data } = (input ?? {}) as Partial<Record<keyof LiveEvent, unknown>>;
  return (
    typeof seq === 'number' &&
    typeof type === 'string' &&
    isEventType(type) &&
    typeof actor === 'string' &&
    typeof data === 'object' &&
    data !== null
  );
}
const Page = shape({ events: t.readonlyArray(Live), last: t.number, head: t.number });
/** All events up to `last` are among these, except those that cannot be read. */
export type Page = t.TypeOf<typeof Page>;
export type Replayed = Page | t.TypeOf<typeof Later>;

type PeopleQuestion = { readonly user: string; readonly after?: string };
type MembersQuestion = { readonly conversationId: string; readonly users: readonly string[] };
type PageQuestion = {
  readonly conversationId: string;
  readonly after: number;
  readonly limit: number;
  readonly until: number;
};

export function openInternalApi(ask: Ask, partitions: number): InternalApi {
  const people = openGather({
    ask: batch(ask, 'internal.memberships', MembershipsPage, ({ user }: PeopleQuestion) => ({ user })),
    most: MOST_PEOPLE,
    atOnce: AT_ONCE,
  });
  const members = aboutConversations({
    ask,
    partitions,
    method: 'internal.membership',
    answer: Membership,
    as: ({ users }: MembersQuestion) => users[0] as string,
    most: MOST_USERS,
    weigh: ({ users }) => Math.max(users.length, USERS_PER_CONVERSATION),
    atOnce: AT_ONCE,
  });
  const pages = aboutConversations({
    ask,
    partitions,
    method: 'internal.replay',
    answer: t.union([Page, Later]),
    as: (_: PageQuestion) => NOBODY,
    most: MOST_PAGES,
    atOnce: AT_ONCE,
  });
  const replaying = new Map<string, Promise<Asked<Replayed>>>();

  return {
    async memberships(user) {
      const conversations: string[] = [];
      for (;;) {
        const after = conversations.at(-1);
        const page = await people.ask(after === undefined ? { user } : { user, after });
        if (E.isLeft(page)) return page;
        if ('later' in page.right) continue;
        conversations.push(...page.right.conversations);
        if (!page.right.hasMore) return E.right({ conversations, complete: page.right.complete });
      }
    },
    membership: (conversationId, users) => members({ conversationId, users }),
    async acquaintances(user, users) {
      const params = { user, users };
      const caller = { user, device: 'gateway', scopes: [] };
      return readAnswer(Acquaintances, await ask({ method: 'internal.acquaintances', params, caller }));
    },
    replay(conversationId, after, limit, until) {
      const key = `${conversationId}/${after}/${limit}`;
      const shared = replaying.get(key);
      if (shared !== undefined) return shared;
      const asked = pages({ conversationId, after, limit, until }).finally(() => replaying.delete(key));
      replaying.set(key, asked);
      return asked;
    },
  };
}

/** Whom pages are for is the gateway's to know. */
const NOBODY = 'gateway';
