import { RefusalError } from '../refusal-error.js';
import type { AskVoice } from './ask-voice.js';
import type { Way } from './call-machine.js';
import type { Access } from './media-path.js';

/** What is needed to use the ways of a call's media. */
export type Accesses = {
  /** Asks how media goes now. @throws RefusalError */
  enter(participant: number): Promise<{ readonly way: Way; readonly revision: number }>;
  /** What was given last for a way that was entered. */
  of(way: Way): Access;
  /** The ticket of a way, a new one shortly before it is over; `fresh`: in any case. @throws RefusalError PlacementStale: media goes another way */
  ticket(way: Way, fresh: boolean): Promise<string>;
};

export type AccessesOptions = {
  readonly ask: AskVoice;
  readonly conversationId: string;
  readonly call: number;
  readonly me: () => number;
  /** The server's time. */
  readonly now: () => number;
  /** Media goes another way than the one a ticket was wanted for. */
  readonly onMoved: () => void;
};

/** Ways whose accesses are kept: two are there at once, and what was asked by the ones before them may not be answered yet. */
const MAX_GIVEN = 4;

/** Milliseconds before its end from which on a ticket is not used. */
const SPARE_MS = 3_000;

export function createAccesses({ ask, conversationId, call, me, now, onMoved }: AccessesOptions): Accesses {
  const given = new Map<string, Access>();
  const renewing = new Map<string, Promise<string>>();

  async function enter(participant: number) {
    const { topology, revision, ...access } = await ask('voice.enter', { conversationId, call, participant });
    const key = topology === 'p2p' ? `${participant} p2p` : `${participant} ${access.node} ${access.fence}`;
    given.delete(key);
    given.set(key, access);
    for (const old of [...given.keys()].slice(0, -MAX_GIVEN)) given.delete(old);
    return { way: { key, topology }, revision };
  }

  async function renew(way: Way): Promise<string> {
    const { way: present } = await enter(me());
    const ticket = given.get(way.key)?.ticket;
    if (present.key === way.key && ticket !== undefined) return ticket;
    onMoved();
    throw new RefusalError('PlacementStale');
  }

  return {
    enter,
    of: ({ key }) => given.get(key) ?? { iceServers: [] },
    async ticket(way, fresh) {
      const { ticket, expiresAt = 0 } = given.get(way.key) ?? {};
      if (!fresh && ticket !== undefined && now() < expiresAt - SPARE_MS) return ticket;
      const going = renewing.get(way.key) ?? renew(way).finally(() => renewing.delete(way.key));
      renewing.set(way.key, going);
      return going;
    },
  };
}
