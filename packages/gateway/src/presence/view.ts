import type { PresenceView } from '@parley/domain/wire/presence';

/** How a person on one gateway is there, where that is to be seen at all. */
export type Shown = 'online' | 'away';

/** What Redis has of one person. */
export type Kept = {
  /** By the gateways that put it there, which may be dead by now. */
  readonly on: ReadonlyMap<string, Shown>;
  /** When they last left a gateway, in ms since 1970 UTC. */
  readonly seenAt: number | undefined;
};

/** Until when each gateway counts as alive, and the time now, both by the clock of Redis in ms since 1970 UTC. */
export type Alive = { readonly now: number; readonly until: ReadonlyMap<string, number> };

/** Milliseconds for which a gateway counts as alive after each of its heartbeats. */
export const ALIVE_MS = 7_000;

/**
 * How a person is there: as present as on the gateway where they are most. A gateway that is dead cannot say that its people left:
 * they did when it was heard last. Pure.
 */
export function viewOf(user: string, { on, seenAt }: Kept, { now, until }: Alive): PresenceView {
  let lastSeenAt = seenAt;
  let isAway = false;
  for (const [gateway, shown] of on) {
    const aliveUntil = until.get(gateway);
    if (aliveUntil !== undefined && aliveUntil > now) {
      if (shown === 'online') return { user, status: 'online' };
      isAway = true;
    } else if (aliveUntil !== undefined) {
      lastSeenAt = Math.max(lastSeenAt ?? 0, aliveUntil - ALIVE_MS);
    }
  }
  if (isAway) return { user, status: 'away' };
  return { user, status: 'offline', ...(lastSeenAt === undefined ? {} : { lastSeenAt }) };
}

export const unknown = (user: string): PresenceView => ({ user, status: 'unknown' });

export const isSameView = (one: PresenceView, other: PresenceView): boolean =>
  one.status === other.status && one.lastSeenAt === other.lastSeenAt;

/** Gateways that are dead, those that died last first: as many as may have left something with one person. */
export const deadOf = ({ now, until }: Alive): readonly string[] =>
  [...until]
    .filter(([, aliveUntil]) => aliveUntil <= now)
    .sort(([, one], [, other]) => other - one)
    .slice(0, MAX_DEAD)
    .map(([gateway]) => gateway);

const MAX_DEAD = 32;

/** Whether other gateways are alive than before. */
export function isSameCompany(before: Alive, after: Alive): boolean {
  const [one, other] = [livingOf(before), livingOf(after)];
  return one.size === other.size && [...one].every((gateway) => other.has(gateway));
}

const livingOf = ({ now, until }: Alive): ReadonlySet<string> =>
  new Set([...until].filter(([, aliveUntil]) => aliveUntil > now).map(([gateway]) => gateway));
