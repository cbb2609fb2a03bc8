import { expect } from 'vitest';
import { type HubInput, type HubState, starting, stepHub } from '../hub/hub-state.js';
import {
  beginPosition,
  type Position,
  type PositionInput,
  type PositionStep,
  stepPosition,
} from '../hub/position-state.js';
import { awaiting, type SessionInput, type SessionState, stepSession } from '../session/session-state.js';

/** An event of the log: it lets a user in, takes one out, or does neither. */
export type WorldEvent = { readonly seq: number; readonly joins?: string; readonly leaves?: string };

type Frame =
  | { readonly tag: 'event'; readonly seq: number }
  | { readonly tag: 'resync'; readonly seq: number | undefined }
  | { readonly tag: 'added'; readonly seq: number };

/** What a gateway asked and was not answered yet; what it will hear was true when it asked. */
type Asked =
  | { readonly tag: 'members'; readonly revision: number; readonly members: ReadonlySet<string> }
  | { readonly tag: 'missing'; readonly after: number }
  | { readonly tag: 'page'; readonly client: Client; readonly position: Position };

type Client = {
  readonly user: string;
  session: SessionState;
  position: Position | undefined;
  /** Frames on their way to the client. */
  socket: Frame[];
  /** Newest event the application has; undefined where it knows none, or reads anew. */
  at: number | undefined;
  /** Newest event it would still know of after a crash. */
  acked: number | undefined;
};

/** Frames that may wait for a reader, and up to which more of the past is sent. */
const MAX_BUFFERED = 12;
const FULL_AT = 4;
const PAGE = 3;
const NOW = 1_000;

/**
 * One conversation, its log, a gateway made of the three state machines with the effects they ask for, and people whose lines
 * break. What a client gets is checked against the log as it comes: in order, once, and only while its user is a member.
 */
export function openDeliveryWorld(users: readonly string[]) {
  const log: WorldEvent[] = [...new Set(users)].map((joins, index) => ({ seq: index + 1, joins }));
  const wire: WorldEvent[] = [];
  let asked: Asked[] = [];
  let hub: HubState<WorldEvent> = starting;
  let published: number | undefined;
  let interrupted = false;
  const members = new Set<string>();
  /** What happened to those who are asked about meanwhile. */
  let changes: WorldEvent[] = [];
  const clients = users.map(
    (user): Client => ({
      user,
      session: { tag: 'closed' },
      position: undefined,
      socket: [],
      at: undefined,
      acked: undefined,
    }),
  );

  const isMemberAt = (user: string, seq: number): boolean => {
    const last = log.findLast((event) => event.seq <= seq && (event.joins === user || event.leaves === user));
    return last?.joins === user;
  };
  /** The event that made a user the member they were at a revision; 0 where they were none. */
  const sinceOf = (user: string, revision: number): number =>
    log.findLast(({ seq, joins }) => seq <= revision && joins === user)?.seq ?? 0;
  const isOpen = ({ session }: Client): boolean => session.tag === 'open';

  // The gateway.

  function drive(client: Client, input: SessionInput): void {
    const { state, effect } = stepSession(client.session, input, NOW);
    client.session = state;
    if (effect?.tag === 'close' || effect?.tag === 'forget') client.position = undefined;
  }

  function send(client: Client, frame: Frame): void {
    if (!isOpen(client)) return;
    if (client.socket.length < MAX_BUFFERED) client.socket.push(frame);
    else drive(client, { tag: 'overflowed' });
  }

  function follow(input: HubInput<WorldEvent>): void {
    const wasStarting = hub.tag === 'starting';
    const step = stepHub(hub, input);
    hub = step.state;
    if (wasStarting && input.tag === 'head') begin(input.seq);
    for (const event of step.deliver) deliver(event);
    if (wasStarting && hub.tag !== 'starting') wakeWaiting();
    if (step.effect === 'restart') {
      published = undefined;
      interrupted = true;
      askMembers();
    } else if (step.effect !== undefined) {
      if (hub.tag === 'fetching') asked.push({ tag: 'missing', after: hub.seq });
      else askMembers();
    }
  }

  function begin(head: number): void {
    published = head;
    if (!interrupted) return;
    interrupted = false;
    for (const client of clients)
      if (client.position?.tag === 'live') send(client, { tag: 'resync', seq: head });
  }

  function deliver(event: WorldEvent): void {
    changes.push(event);
    if (event.joins !== undefined) join(event.joins, event.seq);
    for (const client of clients)
      if (client.position?.tag === 'live') sendEvent(client, event.seq, event.seq);
    published = event.seq;
    wakeWaiting();
    if (event.leaves !== undefined) dismiss(event.leaves);
  }

  /** `upTo` is where delivery is: whoever is a member there may have what was before. */
  function sendEvent(client: Client, seq: number, upTo: number): void {
    if (!isOpen(client)) return;
    const isLeaving = log[seq - 1]?.leaves === client.user;
    expect(isMemberAt(client.user, upTo) || isLeaving).toBe(true);
    send(client, { tag: 'event', seq });
  }

  function join(user: string, since: number): void {
    if (members.has(user)) return;
    members.add(user);
    for (const client of clients) {
      if (client.user !== user || !isOpen(client)) continue;
      send(client, { tag: 'added', seq: since });
      take(client, beginPosition(since - 1, published));
    }
  }

  function dismiss(user: string): void {
    if (!members.delete(user)) return;
    for (const client of clients)
      if (client.user === user && client.position !== undefined) move(client, { tag: 'removed' });
  }

  function wakeWaiting(): void {
    for (const client of clients)
      if (client.position?.tag === 'waiting' && published !== undefined)
        move(client, { tag: 'ready', head: published });
  }

  function move(client: Client, input: PositionInput): void {
    if (client.position !== undefined) take(client, stepPosition(client.position, input));
  }

  function take(client: Client, { position, effect, resync }: PositionStep): void {
    client.position = position.tag === 'ended' ? undefined : position;
    if (effect === 'fetch' || effect === 'retry') asked.push({ tag: 'page', client, position });
    if (resync === undefined) return;
    send(client, { tag: 'resync', seq: position.tag === 'live' ? published : undefined });
  }

  function askMembers(): void {
    if (asked.some(({ tag }) => tag === 'members')) return;
    const now = new Set(users.filter((user) => isMemberAt(user, log.length)));
    asked.push({ tag: 'members', revision: log.length, members: now });
    changes = [];
  }

  function onMembers({ revision, members: now }: Extract<Asked, { tag: 'members' }>): void {
    if (revision < (published ?? 0)) return askMembers();
    for (const user of users) {
      const left = changes.some(({ seq, leaves }) => seq > revision && leaves === user);
      const since = sinceOf(user, revision);
      if (!now.has(user) || left) dismiss(user);
      // Entered by an event that is still on its way: that one lets them in.
      else if (published === undefined || since <= published) join(user, since);
    }
    if (hub.tag === 'starting') follow({ tag: 'head', seq: revision });
    else if (published !== undefined && revision > published) follow({ tag: 'head', seq: revision });
    for (const client of clients) if (client.session.tag === 'opening') opened(client);
  }

  function opened(client: Client): void {
    if ((client.acked ?? 0) > log.length) throw new Error('a position from the future');
    drive(client, { tag: 'opened' });
    if (!isOpen(client)) return;
    if (members.has(client.user)) take(client, beginPosition(client.at, published));
    else if (client.at !== undefined) send(client, { tag: 'resync', seq: undefined });
  }

  // What happens.

  const happenings = {
    /** The log grows, and the stream tells the gateway. */
    append(change: Omit<WorldEvent, 'seq'>): void {
      const event = { ...change, seq: log.length + 1 };
      log.push(event);
      wire.push(event);
    },
    /** The next event arrives, twice perhaps, or is lost on its way. */
    arrive(times: number): void {
      const event = wire.shift();
      for (let n = 0; event !== undefined && n < times; n++) follow({ tag: 'event', event });
    },
    /** One question is answered, or fails. */
    answer(which: number, fails: boolean): void {
      const one = asked[which % Math.max(1, asked.length)];
      if (one === undefined) return;
      asked = asked.filter((other) => other !== one);
      if (one.tag === 'members') {
        if (!fails) return onMembers(one);
        askMembers();
      } else if (one.tag === 'missing') {
        if (fails) return follow({ tag: 'failed' });
        follow({ tag: 'page', events: log.slice(one.after, one.after + PAGE) });
      } else answerPage(one.client, one.position, fails);
    },
    connect(client: Client): void {
      if (client.session.tag !== 'closed') return;
      client.socket = [];
      client.session = awaiting(NOW);
      drive(client, { tag: 'open' });
      drive(client, { tag: 'verified', expiresAt: NOW + 1_000_000 });
      // Who is known to be a member is not asked about; who is not known is, freshly.
      if (members.has(client.user) && hub.tag !== 'starting') opened(client);
      else askMembers();
    },
    /** The line breaks: what was on its way is lost. With a crash, so is what the application had not kept. */
    drop(client: Client, crashes: boolean): void {
      if (client.session.tag === 'closed') return;
      drive(client, { tag: 'gone' });
      client.socket = [];
      if (crashes) client.at = client.acked;
    },
    /** What is missing cannot be had, as often as it is asked for. */
    starve(): void {
      for (let left = 10; left > 0; left--) {
        const one = asked.find(({ tag }) => tag === 'missing');
        if (one === undefined) return;
        happenings.answer(asked.indexOf(one), true);
      }
    },
    /** Another gateway brought the client to where the log is. */
    readElsewhere(client: Client): void {
      if (client.session.tag !== 'closed' || !isMemberAt(client.user, log.length)) return;
      client.at = log.length;
      client.acked = log.length;
    },
    ack(client: Client): void {
      client.acked = client.at;
    },
    /** The client reads some of what waits for it; one that never does is slow. */
    read(client: Client, count: number): void {
      for (const frame of client.socket.splice(0, count)) hear(client, frame);
      if (client.socket.length === 0 && client.session.tag === 'closing') happenings.drop(client, false);
    },
  };

  function answerPage(client: Client, position: Position, fails: boolean): void {
    if (client.position !== position || position.tag !== 'backfill' || !isOpen(client)) return;
    if (fails) return move(client, { tag: 'failed', forGood: false });
    if (client.socket.length >= FULL_AT) return void asked.push({ tag: 'page', client, position });
    let last = position.after;
    for (const { seq } of log.slice(position.after, position.after + PAGE)) {
      if (published === undefined || seq > published) break;
      sendEvent(client, seq, published);
      last = seq;
    }
    move(client, { tag: 'page', last, head: published });
  }

  /** What an application does with a frame. */
  function hear(client: Client, frame: Frame): void {
    switch (frame.tag) {
      case 'event':
        if (client.at !== undefined) expect(frame.seq).toBe(client.at + 1);
        client.at = frame.seq;
        break;
      case 'resync':
        // It reads up to there by itself; without a seq nothing follows.
        client.at = frame.seq;
        client.acked = frame.seq;
        break;
      case 'added':
        client.at = frame.seq - 1;
        break;
      default:
        frame satisfies never;
    }
  }

  return {
    clients,
    ...happenings,
    isMember: (user: string) => isMemberAt(user, log.length),
    get head() {
      return log.length;
    },
    /** Everyone is there and reads, and nothing fails any more. */
    heal(): void {
      for (let round = 0; round < 1_000; round++) {
        for (const client of clients) {
          happenings.read(client, Number.POSITIVE_INFINITY);
          happenings.connect(client);
        }
        if (wire.length > 0) happenings.arrive(1);
        else if (asked.length > 0) happenings.answer(0, false);
        // What the stream did not bring is noticed with the next event.
        else if (hub.tag === 'live' && published !== undefined && published < log.length)
          follow({ tag: 'head', seq: log.length });
        else if (clients.every(({ socket }) => socket.length === 0)) return;
      }
      throw new Error('it does not come to rest');
    },
  };
}

export type DeliveryWorld = ReturnType<typeof openDeliveryWorld>;
