import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { PresenceView } from '@parley/domain/wire/presence';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import * as E from 'fp-ts/lib/Either.js';
import type { GatewayCore } from '../gateway.js';
import type { Session } from '../session/session.js';
import { tellViews } from './tell.js';
import { unknown } from './view.js';
import type { Watched, Watching } from './watching.js';

/** Whom a session watches. */
export type Watch = {
  users: ReadonlyMap<string, Watched>;
  /** Users who were named too, and are not acquaintances as far as that can be told now. */
  strangers: readonly string[];
  /** Until when it is believed that the user may watch `users`, and when to ask again; both in ms by the steady clock. */
  believedUntil: number;
  askAt: number;
  /** Milliseconds after which to ask again about strangers. */
  pauseMs: number;
  /** Users whose change the reader was too slow for: told when there is room, as they are then. */
  owed: Set<Watched> | undefined;
  /** The request before: they are handled one after another. */
  last: Promise<unknown>;
};

/** Milliseconds for which it is believed that two people share a conversation, at most. */
export const BELIEVED_MS = 10 * 60_000;

/** Milliseconds after which strangers are asked about again: the first time soon, because who met just now is in no row yet. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

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
  session.watch ??= newWatch();
  const { watch } = session;
  watch.last = watch.last.then(begin).catch((error: unknown) => {
    gateway.log.error({ err: error }, 'people could not be watched');
    answer(E.left(refuse('InternalError')));
  });

  async function begin(): Promise<void> {
    const wanted = [...new Set(users)];
    const held = await holdAllowed(gateway, watching, session, watch, wanted);
    if (held === undefined) return answer(E.right({ people: [] }));
    const people = wanted.map((user): PresenceView => held.get(user)?.view ?? unknown(user));
    answer(E.right({ people }));
    watch.owed = undefined;
    watch.pauseMs = FIRST_PAUSE_MS;
    replace(watching, session, watch, held);
    askLater(watch, wanted);
  }
}

/**
 * Asks again, when it is time, whom a session may watch: strangers may have met meanwhile, acquaintances may have parted. The
 * session is told of both.
 */
export function checkAgain(gateway: GatewayCore, watching: Watching, session: Session, now: number): void {
  const { watch } = session;
  if (watch === undefined || now < watch.askAt) return;
  watch.askAt = now + LONGEST_PAUSE_MS;
  watch.last = watch.last.then(check).catch((error: unknown) => {
    gateway.log.error({ err: error }, 'it could not be asked who may be watched');
  });

  async function check(): Promise<void> {
    if (watch === undefined || session.watch !== watch) return;
    const before = [...watch.users.keys()];
    const wanted = [...before, ...watch.strangers];
    const held = await holdAllowed(gateway, watching, session, watch, wanted);
    if (held === undefined) return;
    const parted = before.filter((user) => !held.has(user));
    const met = [...held.values()].filter(({ user }) => !watch.users.has(user));
    replace(watching, session, watch, held);
    askLater(watch, wanted);
    tellViews(gateway, session, [...parted.map(unknown), ...met.map(({ view }) => view)]);
  }
}

const newWatch = (): Watch => ({
  users: new Map(),
  strangers: [],
  believedUntil: 0,
  askAt: Number.POSITIVE_INFINITY,
  pauseMs: FIRST_PAUSE_MS,
  owed: undefined,
  last: Promise.resolve(),
});

function askLater(watch: Watch, wanted: readonly string[]): void {
  watch.strangers = wanted.filter((user) => !watch.users.has(user));
  const soon = watch.strangers.length === 0 ? Number.POSITIVE_INFINITY : steadyNow() + watch.pauseMs;
  watch.askAt = Math.min(soon, watch.users.size === 0 ? Number.POSITIVE_INFINITY : watch.believedUntil);
  watch.pauseMs = Math.min(watch.pauseMs * 2, LONGEST_PAUSE_MS);
}

/** Holds those of `wanted` whom a session may watch; undefined, and nobody, where it is gone meanwhile. */
async function holdAllowed(
  gateway: GatewayCore,
  watching: Watching,
  session: Session,
  watch: Watch,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, Watched> | undefined> {
  const allowed = await allowedOf(gateway, session, watch, wanted);
  const held = await hold(gateway, watching, allowed);
  if (session.watch === watch) return held;
  for (const watched of held.values()) watching.release(watched);
  return undefined;
}

/** Holds those of `users` for whom there is room, and knows how they are. */
async function hold(
  gateway: GatewayCore,
  watching: Watching,
  users: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Watched>> {
  const held = new Map<string, Watched>();
  for (const user of users) {
    const watched = watching.hold(user);
    if (watched !== undefined) held.set(user, watched);
  }
  await gateway.interestReached();
  await watching.look([...held.values()]);
  return held;
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

/**
 * Those of `wanted` whom a session may watch: of whom it watches already that is believed for a while, and for as long as it
 * cannot be asked.
 */
async function allowedOf(
  gateway: GatewayCore,
  session: Session,
  watch: Watch,
  wanted: readonly string[],
): Promise<ReadonlySet<string>> {
  const now = steadyNow();
  const isBelieved = now < watch.believedUntil;
  const known = wanted.filter((user) => watch.users.has(user));
  const found = await acquaintancesOf(
    gateway,
    session,
    isBelieved ? wanted.filter((user) => !watch.users.has(user)) : wanted,
  );
  if (found !== undefined && isBelieved) return new Set([...known, ...found]);
  // Spread, so that those who came together do not all ask together.
  watch.believedUntil = now + BELIEVED_MS * (0.5 + Math.random() / 2);
  return found ?? new Set(known);
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
