import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { PresenceView } from '@parley/domain/wire/presence';
import * as E from 'fp-ts/lib/Either.js';
import type { GatewayCore } from '../gateway.js';
import type { Session } from '../session/session.js';
import { tellUnknown } from './tell.js';
import { unknown } from './view.js';
import type { Watched, Watching } from './watching.js';

/** Whom a session watches. */
export type Watch = {
  users: ReadonlyMap<string, Watched>;
  /** When it was asked last whether the user may watch all of them, in ms since 1970 UTC. */
  checkedAt: number;
  /** Users whose change the reader was too slow for: told when there is room, as they are then. */
  owed: Set<Watched> | undefined;
  /** The request before: they are handled one after another. */
  last: Promise<unknown>;
};

/** Milliseconds for which it is believed that two people share a conversation. */
export const BELIEVED_MS = 10 * 60_000;

/**
 * Replaces whom a session watches. Interest comes first, then the question, so that no change is missed between the two; the
 * answer goes out before the first notice. Of people who share no conversation with the watcher nothing is told, and as long
 * as that cannot be asked, of nobody who was not watched before.
 */
export function watch(
  gateway: GatewayCore,
  watching: Watching,
  session: Session,
  users: readonly string[],
  answer: (answer: E.Either<Refusal, unknown>) => void,
): void {
  session.watch ??= { users: new Map(), checkedAt: 0, owed: undefined, last: Promise.resolve() };
  const { watch } = session;
  watch.last = watch.last.then(begin).catch((error: unknown) => {
    gateway.log.error({ err: error }, 'people could not be watched');
    answer(E.left(refuse('InternalError')));
  });

  async function begin(): Promise<void> {
    const wanted = [...new Set(users)];
    const allowed = await allowedOf(gateway, session, wanted);
    const held = new Map<string, Watched>();
    for (const user of wanted) {
      const watched = allowed.has(user) ? watching.hold(user) : undefined;
      if (watched !== undefined) held.set(user, watched);
    }
    await gateway.interestReached();
    await watching.look([...held.values()]);
    // Gone meanwhile.
    if (session.watch !== watch) {
      for (const watched of held.values()) watching.release(watched);
      return answer(E.right({ people: [] }));
    }
    const people = wanted.map((user): PresenceView => held.get(user)?.view ?? unknown(user));
    answer(E.right({ people }));
    watch.owed = undefined;
    replace(watching, session, watch, held);
  }
}

/** Asks again whether a session may watch whom it watches; of those it may not any more it is told that nothing is known. */
export function checkAgain(gateway: GatewayCore, watching: Watching, session: Session): void {
  const { watch } = session;
  if (watch === undefined || Date.now() - watch.checkedAt < BELIEVED_MS) return;
  watch.checkedAt = Date.now();
  watch.last = watch.last.then(async () => {
    const allowed = await acquaintancesOf(gateway, session, [...watch.users.keys()]);
    if (allowed === undefined || session.watch !== watch) return;
    const [kept, strangers] = [new Map<string, Watched>(), [] as string[]];
    for (const [user, watched] of watch.users) {
      if (allowed.has(user)) kept.set(user, watched);
      else strangers.push(user);
    }
    if (strangers.length === 0) return;
    for (const watched of kept.values()) watched.holds++;
    replace(watching, session, watch, kept);
    tellUnknown(gateway, session, strangers);
  });
}

/** @param held held for this session already. */
function replace(
  watching: Watching,
  session: Session,
  watch: Watch,
  held: ReadonlyMap<string, Watched>,
): void {
  const before = watch.users;
  watch.users = held;
  for (const watched of before.values()) watched.watchers.delete(session);
  for (const watched of held.values()) watched.watchers.add(session);
  for (const watched of before.values()) watching.release(watched);
}

/** Whom a session may watch: of those it watches already that is believed for a while. */
async function allowedOf(
  gateway: GatewayCore,
  session: Session,
  wanted: readonly string[],
): Promise<ReadonlySet<string>> {
  const { watch } = session;
  const isBelieved = watch !== undefined && Date.now() - watch.checkedAt < BELIEVED_MS;
  const believed = new Set(isBelieved ? wanted.filter((user) => watch.users.has(user)) : []);
  const asked = wanted.filter((user) => !believed.has(user));
  const found = await acquaintancesOf(gateway, session, asked);
  if (found !== undefined && watch !== undefined && !isBelieved) watch.checkedAt = Date.now();
  return new Set([...believed, ...(found ?? [])]);
}

/** Those of `users` with whom the user of a session shares a conversation, and themselves; undefined where it cannot be asked. */
async function acquaintancesOf(
  gateway: GatewayCore,
  session: Session,
  users: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const me = session.person?.user;
  const others = users.filter((user) => user !== me);
  if (me === undefined || others.length === 0) return new Set(users);
  const reply = await gateway.limiter.run(() => gateway.api.acquaintances(me, others));
  return E.isLeft(reply) ? undefined : new Set([me, ...reply.right.users]);
}
