import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { PresenceView } from '@parley/domain/wire/presence';
import * as E from 'fp-ts/lib/Either.js';
import type { GatewayCore } from '../gateway.js';
import type { Session } from '../session/session.js';
import { unknown } from './view.js';
import type { Watched, Watching } from './watching.js';

/**
 * Replaces whom a session watches. Interest comes first, then the question, so that no change is missed between the two; the
 * answer goes out before the first notice. Of people who share no conversation with the watcher nothing is told, and as long
 * as that cannot be asked, of nobody.
 */
export function watch(
  gateway: GatewayCore,
  watching: Watching,
  session: Session,
  users: readonly string[],
  answer: (answer: E.Either<Refusal, unknown>) => void,
): void {
  session.watch ??= { users: new Map(), owed: undefined, last: Promise.resolve() };
  const { watch } = session;
  watch.last = watch.last.then(begin).catch((error: unknown) => {
    gateway.log.error({ err: error }, 'people could not be watched');
    answer(E.left(refuse('InternalError')));
  });

  async function begin(): Promise<void> {
    const wanted = [...new Set(users)];
    const allowed = await acquaintancesOf(gateway, session, wanted);
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
    replace(watching, session, held);
  }
}

function replace(watching: Watching, session: Session, held: ReadonlyMap<string, Watched>): void {
  if (session.watch === undefined) return;
  const before = session.watch.users;
  session.watch.users = held;
  session.watch.owed = undefined;
  for (const watched of before.values()) watched.watchers.delete(session);
  for (const watched of held.values()) watched.watchers.add(session);
  for (const watched of before.values()) watching.release(watched);
}

/** Those of `users` with whom the user of a session shares a conversation; everyone is their own acquaintance. */
async function acquaintancesOf(
  gateway: GatewayCore,
  session: Session,
  users: readonly string[],
): Promise<ReadonlySet<string>> {
  const me = session.person?.user;
  if (me === undefined || users.length === 0) return new Set();
  const reply = await gateway.limiter.run(() => gateway.api.acquaintances(me, users));
  return new Set([...(E.isRight(reply) ? reply.right.users : []), ...users.filter((user) => user === me)]);
}
