import type { Subscription } from '@nats-io/transport-node';
import type { PresenceView } from '@parley/domain/wire/presence';
import { presenceSubject } from '@parley/infra/log/subjects';
import type { GatewayCore } from '../gateway.js';
import type { Session } from '../session/session.js';
import { openBacklog } from './backlog.js';
import type { PresenceStore } from './presence-store.js';
import { openRound } from './round.js';
import { tellPresence } from './tell.js';
import { type Alive, isSameView, type Kept, unknown, viewOf } from './view.js';

/** Users whom sessions of one gateway watch at most; of more, nothing is known. */
const MAX_WATCHED_HERE = 100_000;

/** Users looked at at the same time. */
const AT_ONCE = 256;

/** Calls of `mend` after which everyone was looked at again. */
const MEND_IN = 60;

/** One user whom sessions here watch, however many: one interest at the broker, one record. */
export type Watched = {
  readonly user: string;
  readonly watchers: Set<Session>;
  readonly interest: Subscription;
  /** Requests that need it and are not answered yet. */
  holds: number;
  kept: Kept | undefined;
  /** What its watchers were told last. */
  view: PresenceView;
};

export type Watching = {
  /** Makes sure that a user is looked after; undefined where there are too many. Ends with `release`. */
  hold(user: string): Watched | undefined;
  release(watched: Watched): void;
  /** Reads those that were not read yet. */
  look(watched: readonly Watched[]): Promise<void>;
  lookAtAll(): void;
  /** Looks at some of them again: a notice may have been lost. */
  mend(): void;
  /** Other gateways are alive than before, or nothing is known any more: everyone is told what has changed by it. */
  reconsider(): void;
  readonly size: number;
};

/** @param alive which gateways are; undefined while nothing is known. */
export function openWatching(
  gateway: GatewayCore,
  store: PresenceStore,
  alive: () => Alive | undefined,
): Watching {
  const all = new Map<string, Watched>();
  const nextToMend = openRound(all, MEND_IN);
  const stale = openBacklog<Watched>({
    atOnce: AT_ONCE,
    work: read,
    isPossible: () => alive() !== undefined,
  });

  const viewNow = ({ user, kept }: Watched): PresenceView => {
    const now = alive();
    return now === undefined || kept === undefined ? unknown(user) : viewOf(user, kept, now);
  };

  /** Takes note of what is known now, and tells who watches. */
  function settle(some: Iterable<Watched>): void {
    const changed: Watched[] = [];
    for (const watched of some) {
      const view = viewNow(watched);
      if (isSameView(view, watched.view)) continue;
      watched.view = view;
      changed.push(watched);
    }
    if (changed.length > 0) tellPresence(gateway, changed);
  }

  async function read(some: readonly Watched[]): Promise<void> {
    const kept = await store.read(some.map(({ user }) => user)).catch((error: unknown) => {
      // Looked at again by and by, and at once when Redis is back.
      gateway.log.debug({ err: error }, 'presence could not be read');
    });
    if (kept === undefined) return;
    some.forEach((watched, index) => {
      watched.kept = kept[index];
    });
    settle(some);
  }

  function begin(user: string): Watched {
    const watched: Watched = {
      user,
      watchers: new Set(),
      holds: 0,
      kept: undefined,
      view: unknown(user),
      interest: gateway.nats.subscribe(presenceSubject(user), {
        callback: (error) => {
          if (!error) stale.add([watched]);
        },
      }),
    };
    all.set(user, watched);
    return watched;
  }

  return {
    hold(user) {
      const watched = all.get(user) ?? (all.size < MAX_WATCHED_HERE ? begin(user) : undefined);
      if (watched !== undefined) watched.holds++;
      return watched;
    },
    release(watched) {
      watched.holds--;
      if (watched.holds > 0) return;
      watched.interest.unsubscribe();
      all.delete(watched.user);
      stale.delete(watched);
    },
    async look(some) {
      const unread = some.filter(({ kept }) => kept === undefined);
      if (unread.length > 0 && alive() !== undefined) await read(unread);
    },
    lookAtAll: () => stale.add(all.values()),
    mend: () => stale.add(nextToMend()),
    reconsider() {
      // What was read before nothing was known is not believed after it.
      if (alive() === undefined) for (const watched of all.values()) watched.kept = undefined;
      settle(all.values());
    },
    get size() {
      return all.size;
    },
  };
}
