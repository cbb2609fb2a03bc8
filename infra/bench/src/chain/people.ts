import { backoffMs } from '@parley/client/backoff';
import { openLatencies } from '../percentiles.js';
import { type LightSocket, openLightSocket } from './light-socket.js';

/**
 * Thousands of people, each in one conversation, who come back by themselves when their connection breaks, as the SDK does,
 * and check that every event reaches them once and in order. A program of its own.
 *
 * Takes `{open: {url, people}}` and says `{live}` when all are; takes `{heads}` as the log grows; takes `{drop}`, cuts all
 * connections and says `{live}` when all are live again; takes `{watch}` and says `{live}` when all were gone and are back; takes
 * `{settle}` and says `{settled}` when everyone has come to the heads; takes `{measure}` and says `{measured}` how old events
 * were when they came since it was asked last.
 */
type Order = {
  readonly open?: { readonly url: string; readonly people: readonly Entry[] };
  readonly heads?: Readonly<Record<string, number>>;
  readonly drop?: true;
  readonly watch?: true;
  readonly settle?: true;
  readonly measure?: true;
};
type Entry = { readonly token: string; readonly conversationId: string };

/** What was seen: times in ms since the drop. */
export type Live = { readonly lastOpened: number; readonly lastLive: number; readonly medianLive: number };
export type Settled = { readonly gaps: number; readonly repeats: number; readonly resyncs: number };
export type Measured = {
  readonly frames: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
};

type Person = Entry & {
  socket: LightSocket | undefined;
  /** Newest event that came; undefined before the first session is open. */
  seq: number | undefined;
  /** What the log had when the session was opened: live is who has come as far. */
  target: number | undefined;
  isLive: boolean;
  failures: number;
};

let url: URL;
let people: Person[] = [];
const heads = new Map<string, number>();
let liveCount = 0;
let awaited = false;
let hasBroken = false;
let settling = false;
let brokenAt = 0;
let lastOpened = 0;
let liveAfter = openLatencies();
const seen = { gaps: 0, repeats: 0, resyncs: 0, frames: 0 };
let ages = openLatencies();

process.on('message', (order: Order) => {
  if (order.open !== undefined) open(order.open.url, order.open.people);
  for (const [conversationId, seq] of Object.entries(order.heads ?? {})) heads.set(conversationId, seq);
  if (order.drop) {
    awaited = true;
    for (const { socket } of people) socket?.destroy();
  }
  if (order.watch) {
    awaited = true;
    process.send?.({ watching: true });
  }
  if (order.settle) {
    settling = true;
    reportSettled();
  }
  if (order.measure) {
    process.send?.({
      measured: {
        frames: seen.frames,
        p50: ages.at(50),
        p99: ages.at(99),
        most: ages.at(100),
      } satisfies Measured,
    });
    seen.frames = 0;
    ages = openLatencies();
  }
});
process.on('disconnect', () => process.exit(0));

/** Sockets that open at once, at first. */
const AT_ONCE = 100;

function open(address: string, entries: readonly Entry[]): void {
  url = new URL(address);
  people = entries.map((entry) => ({
    ...entry,
    socket: undefined,
    seq: undefined,
    target: undefined,
    isLive: false,
    failures: 0,
  }));
  awaited = true;
  hasBroken = true;
  brokenAt = performance.now();
  for (const [n, person] of people.entries()) setTimeout(dial, (n / AT_ONCE) * 30, person);
}

function dial(person: Person): void {
  const socket = openLightSocket(url, {
    onOpen() {
      const resume = person.seq === undefined ? {} : { [person.conversationId]: person.seq };
      const params = { token: person.token, device: 'd1', resume };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.open', params }));
    },
    onText: (frame) => hear(person, frame),
    onClose: () => comeBack(person),
  });
  person.socket = socket;
}

function comeBack(person: Person): void {
  if (person.isLive) {
    // The first to break begins the storm.
    if (liveCount === people.length) {
      hasBroken = true;
      brokenAt = performance.now();
      liveAfter = openLatencies();
    }
    liveCount--;
  }
  person.isLive = false;
  person.target = undefined;
  person.failures++;
  setTimeout(dial, backoffMs(person.failures, Math.random()), person);
}

const EVENT = /^\{"jsonrpc":"2\.0","method":"event","params":\{"conversationId":"[^"]+","seq":(\d+)/;

function hear(person: Person, frame: Buffer): void {
  const text = frame.toString('latin1', 0, 200);
  const event = EVENT.exec(text);
  if (event !== null) return take(person, Number(event[1]), frame);
  if (text.startsWith('{"jsonrpc":"2.0","id":1,"result"')) return opened(person);
  if (text.startsWith('{"jsonrpc":"2.0","id":1,"error"')) return person.socket?.destroy();
  if (text.includes('"method":"resync"')) seen.resyncs++;
}

function opened(person: Person): void {
  const head = heads.get(person.conversationId) ?? 0;
  person.failures = 0;
  person.target = head;
  person.seq ??= head;
  lastOpened = performance.now() - brokenAt;
  reportIfLive(person);
}

/** Where the text of a message begins with the time at which it was due, in ms since 1970. */
const DUE = Buffer.from('"due ');

function take(person: Person, seq: number, frame: Buffer): void {
  seen.frames++;
  const due = frame.indexOf(DUE);
  if (due > 0) {
    const at = Number.parseFloat(frame.toString('latin1', due + DUE.length, due + DUE.length + 20));
    ages.add(performance.timeOrigin + performance.now() - at);
  }
  const expected = (person.seq ?? seq - 1) + 1;
  if (seq > expected) seen.gaps++;
  else if (seq < expected) seen.repeats++;
  person.seq = Math.max(seq, person.seq ?? 0);
  reportIfLive(person);
  if (settling) reportSettled();
}

function reportIfLive(person: Person): void {
  if (person.isLive || person.target === undefined || (person.seq ?? 0) < person.target) return;
  person.isLive = true;
  liveCount++;
  liveAfter.add(performance.now() - brokenAt);
  if (!awaited || !hasBroken || liveCount < people.length) return;
  awaited = false;
  hasBroken = false;
  const live: Live = {
    lastOpened,
    lastLive: performance.now() - brokenAt,
    medianLive: liveAfter.at(50),
  };
  process.send?.({ live });
}

function reportSettled(): void {
  if (people.some(({ seq, conversationId }) => (seq ?? 0) < (heads.get(conversationId) ?? 0))) return;
  settling = false;
  const settled: Settled = { gaps: seen.gaps, repeats: seen.repeats, resyncs: seen.resyncs };
  process.send?.({ settled });
}
