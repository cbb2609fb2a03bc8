import { presenceSubject } from '@parley/infra/log/subjects';
import type { GatewayCore } from '../gateway.js';
import { leftAgoMs, type Person } from '../people.js';
import { firstOf } from './first-of.js';
import type { PresenceStore } from './presence-store.js';
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
  const waiting = new Set<string>();
  const failed = new Set<string>();
  let isPutting = false;
  let round: Iterator<string> = gateway.people.keys();

  async function putWaiting(): Promise<void> {
    while (waiting.size > 0 && line.name() !== undefined) {
      const users = firstOf(waiting, AT_ONCE);
      for (const user of users) waiting.delete(user);
      await Promise.all(users.map(put));
    }
    if (line.name() === undefined) waiting.clear();
    isPutting = false;
  }

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

  function schedule(): void {
    if (isPutting || waiting.size === 0) return;
    isPutting = true;
    setImmediate(() => void putWaiting());
  }

  return {
    touch(user) {
      if (line.name() === undefined) return;
      waiting.add(user);
      schedule();
    },
    putAll() {
      failed.clear();
      for (const user of gateway.people.keys()) waiting.add(user);
      schedule();
    },
    retry() {
      for (const user of failed) waiting.add(user);
      failed.clear();
      schedule();
    },
    mend() {
      for (let left = Math.ceil(gateway.people.size / MEND_IN); left > 0; left--) {
        const next = round.next();
        if (next.done) {
          round = gateway.people.keys();
          break;
        }
        // Who has left is taken away when the grace is over.
        if (gateway.people.get(next.value)?.presenceDueAt === 0) waiting.add(next.value);
      }
      schedule();
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
