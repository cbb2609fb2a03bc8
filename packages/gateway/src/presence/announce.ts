import { presenceSubject } from '@parley/infra/log/subjects';
import type { GatewayCore } from '../gateway.js';
import { leftAgoMs, type Person } from '../people.js';
import { openBacklog } from './backlog.js';
import type { PresenceStore } from './presence-store.js';
import { openRound } from './round.js';
import { gather } from './said.js';

/** Puts into Redis how the people of this gateway are there, and tells who watches them. */
export type Announcer = {
  /** Something about a user has changed here. */
  touch(user: string): void;
  /** Puts everyone again. */
  putAll(): void;
  /** Puts again what could not be put. */
  retry(): void;
  /** Puts some of them again, so that what Redis has evicted is there again after a while. */
  mend(): void;
  readonly waiting: number;
};

/** People put at the same time. */
const AT_ONCE = 256;

/** Calls of `mend` after which everyone was put again. */
const MEND_IN = 600;

/** What an announcer works with. */
export type AnnouncerLine = {
  readonly store: PresenceStore;
  /** The name of this gateway at present; undefined while nothing can be put. */
  readonly name: () => string | undefined;
  /** Gateways that are dead, by whose name something may be left with a person. */
  readonly dead: () => readonly string[];
};

/**
 * Users who wait to be put are kept once each, so there are never more than people came and went since Redis answered; while
 * it is away none is, because everyone is put again when it is back.
 */
export function openAnnouncer(gateway: GatewayCore, line: AnnouncerLine): Announcer {
  const failed = new Set<string>();
  const nextToMend = openRound(gateway.people, MEND_IN);
  const waiting = openBacklog<string>({
    atOnce: AT_ONCE,
    work: (users) => Promise.all(users.map(put)),
    isPossible: () => line.name() !== undefined,
  });

  async function put(user: string): Promise<void> {
    const name = line.name();
    if (name === undefined) return;
    const person = gateway.people.get(user);
    try {
      const facts = {
        dead: line.dead(),
        leftAgoMs: person === undefined ? 0 : leftAgoMs(person, Date.now()),
      };
      const { changed, hidden } = await line.store.put(name, user, gather(devicesOf(person)), facts);
      for (const session of person?.sessions ?? []) {
        if (session.said === undefined && hidden.includes(session.caller?.device ?? ''))
          session.said = 'invisible';
      }
      if (changed && gateway.isConnected) gateway.nats.publish(presenceSubject(user));
    } catch (error) {
      gateway.log.debug({ err: error }, 'presence could not be put');
      failed.add(user);
    }
  }

  return {
    touch(user) {
      if (line.name() !== undefined) waiting.add([user]);
    },
    putAll() {
      failed.clear();
      waiting.add(gateway.people.keys());
    },
    retry() {
      waiting.add(failed);
      failed.clear();
    },
    mend() {
      // Who has left is taken away when the grace is over.
      const here = nextToMend().filter(({ presenceDueAt }) => presenceDueAt === 0);
      waiting.add(here.map(({ user }) => user));
    },
    get waiting() {
      return waiting.size;
    },
  };
}

/** Sessions that are opening are not there yet. */
const devicesOf = (person: Person | undefined) =>
  (person?.sessions ?? []).flatMap(({ isOpen, caller, said }) =>
    isOpen && caller !== undefined ? [{ device: caller.device, said }] : [],
  );
