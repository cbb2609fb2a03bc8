import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { refuse } from '@parley/domain/conversation/refusals';
import type { NodeMethod, VoiceResult } from '@parley/domain/wire/voice';
import { processIdentity } from '@parley/infra/embedded/process-identity';
import { liveSubject } from '@parley/infra/log/subjects';
import { createLog } from '@parley/infra/runtime/log';
import { childrenOf } from '@parley/infra/testing/children-of';
import { figureOf } from '@parley/infra/testing/figure-of';
import { openRawTransport, type RemoteTransport } from '@parley/infra/testing/media/raw-transport';
import { speakOn } from '@parley/infra/testing/media/speech';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { NodeBeat } from '@parley/infra/voice/beat';
import { openPlacements } from '@parley/infra/voice/placements';
import type { Seat } from '@parley/infra/voice/placing';
import type { CallNotice, NodeReply } from '@parley/infra/voice/protocol';
import { askNode } from '@parley/infra/voice/questions';
import { ALIVE_MS, openRegistry } from '@parley/infra/voice/registry';
import { callSubject, nodeSubject } from '@parley/infra/voice/subjects';
import { signTicket } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openRooms } from '../room/open-rooms.js';
import type { Rooms } from '../room/rooms.js';
import {
  CALL,
  type Changed,
  type Cluster,
  openCluster,
  PARTITIONS,
  rosterOf,
  type TestNode,
} from '../testing/cluster.js';
import { opusParameters } from '../testing/open-test-rooms.js';
import { testWorker } from '../testing/test-worker.js';
import { openNode } from './node.js';
import { refused } from './requests.js';

let environment: TestEnvironment;
let cluster: Cluster;

beforeAll(async () => {
  environment = await testEnvironment();
  cluster = await openCluster(environment);
});
afterAll(async () => {
  await cluster.close();
  await environment.dispose();
});

describe('a node', () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await cluster.start();
  });
  afterAll(() => cluster.clear());

  it('serves who has a ticket for it, and nobody with another one', async () => {
    const { id } = node;
    expect(await cluster.placing.seat('c-unplaced', CALL, 1, { except: [id] })).toEqual(
      E.left({ tag: 'VoiceUnavailable' }),
    );
    const seat = await cluster.seat('c-tickets');
    expect(seat).toMatchObject({ node: id, call: CALL });
    expect(tagOf(await cluster.attach(seat))).toBe('served');

    const wrong = {
      'of long ago': { signedAt: Date.now() - 120_000 },
      forged: { key: randomBytes(32) },
      'for another node': { node: 'sfu-other', at: id },
      'of another device': { device: 'd2' },
      'of another user': { user: 'mallory' },
      'of another conversation': { conversationId: 'c-other' },
      'of another call': { call: 2 },
      'shown by another device': { caller: { user: 'alice', device: 'd2' } },
    };
    for (const [what, changed] of Object.entries(wrong))
      expect(`${what}: ${tagOf(await cluster.attach(seat, changed))}`).toBe(`${what}: TicketInvalid`);
    const answered = await cluster.nats.request(`voice.node.${id}`, 'no request', { timeout: 1_000 });
    expect(answered.json()).toEqual({ refusal: { tag: 'InvalidRequest' } });
  });

  it('takes a newer placement for true at once, and refuses the older ones from then on', async () => {
    const seat = await cluster.seat('c-fences');
    await cluster.attach(seat);
    expect(tagOf(await cluster.attach({ ...seat, fence: seat.fence + 5 }))).toBe('served');
    expect(await cluster.attach(seat)).toEqual({
      refusal: { tag: 'PlacementStale' },
      fence: seat.fence + 5,
    });
  });

  it('lets go of a call when the log says that it is over, also in Redis', async () => {
    const seat = await cluster.seat('c-over');
    await cluster.attach(seat);
    cluster.calls.set('c-over', null);
    cluster.nats.publish(liveSubject('c-over', PARTITIONS), '{"type":"call.ended"}');
    await waitFor(async () => (await openPlacements(cluster.redis).read('c-over')) === undefined, {
      what: 'the placement to be forgotten',
    });
    expect(tagOf(await cluster.attach(seat))).toBe('CallNotFound');
  });

  it('puts its calls back where Redis has lost everything, and frees the seats of who has left', async () => {
    const seat = await cluster.seat('c-lost');
    await cluster.attach(seat);
    await cluster.seat('c-lost', 7);
    await cluster.redis.flushdb();
    const placements = openPlacements(cluster.redis);
    const back = await waitFor(() => placements.read('c-lost'), { what: 'the call to be put back' });
    expect(back).toMatchObject({ node: seat.node, fence: seat.fence });
    // Until it has beaten again Redis knows of no node to seat anybody on.
    await waitFor(async () => (await openRegistry(cluster.redis).read()).length > 0, { what: 'a beat' });
    await cluster.seat('c-lost', 1);
    await cluster.seat('c-lost', 7);
    cluster.nats.publish(liveSubject('c-lost', PARTITIONS), '{"type":"call.left"}');
    await waitFor(async () => (await placements.read('c-lost'))?.seats[seat.node] === 1, {
      what: 'the seat of who is not in the call to be free',
    });
  });

  it('tells its load, its health and how it fares to who looks after it', async () => {
    const { id, url } = node;
    await cluster.attach(await cluster.seat('c-load'));
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const figure = (name: string, label?: string) => figureOf(metrics, `voice_${name}`, label);
    expect(figure('node_cpu_ratio')).toBeGreaterThanOrEqual(0);
    expect(figure('node_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(figure('node_connections')).toBeGreaterThan(0);
    expect(figure('node_healthy')).toBe(1);
    expect(figure('placements_total', 'why="opened"')).toBeGreaterThan(0);
    const [known] = await openRegistry(cluster.redis).read();
    expect(known?.beat).toMatchObject({ node: id, region: 'local', state: 'ready', http: url });
  });
});

describe('the load of a node', () => {
  afterEach(() => cluster.clear());

  it('is what it carries, by which nodes are chosen', async () => {
    const { id } = await cluster.start();
    const bob = { participant: 2, user: 'bob', device: 'd2' };
    cluster.calls.set('c-carried', {
      participants: [
        { participant: 1, user: 'alice', device: 'd1', at: 0 },
        { ...bob, at: 0 },
      ],
    });
    const seat = await cluster.seat('c-carried');
    const load = async () => (await openRegistry(cluster.redis).read())[0]?.beat.load;
    await waitFor(load, { what: 'a beat' });
    expect(await load()).toMatchObject({ calls: 0, participants: 0, consumers: 0, bitrate: 0 });
    const voice = await carryVoice(seat, { ...bob, node: id, caller: bob });
    await waitFor(
      async () => isDeepStrictEqual(await counted(), { calls: 1, participants: 2, consumers: 1 }),
      {
        what: 'both, and what one hears of the other',
      },
    );
    // It comes and goes: 50 packets a second of 60 bytes each, and their headers.
    await waitFor(async () => ((await load())?.bitrate ?? 0) > 2 * 50 * 60 * 8, { what: 'the bits' });
    await waitFor(async () => ((await load())?.cpu ?? 0) > 0, { what: 'the work of its worker' });
    await voice.end();

    async function counted() {
      const { calls, participants, consumers } = (await load()) ?? {};
      return { calls, participants, consumers };
    }
  });
});

describe('a node that starts', () => {
  afterEach(() => cluster.clear());

  it('removes what a node that was killed had broadcast last', async () => {
    const place = await mkdtemp(join(tmpdir(), 'parley-places-'));
    const before = await cluster.start({ TMPDIR: place });
    await before.service.end('SIGKILL');
    await mkdir(join(place, `parley-broadcast-${before.service.pid}-1-AbCdEf`));
    const own = (await processIdentity(process.pid)).startedAt;
    await mkdir(join(place, `parley-broadcast-${process.pid}-${own}-AbCdEf`));
    await cluster.start({ TMPDIR: place });
    const left = (await readdir(place)).filter((name) => name.startsWith('parley-broadcast-'));
    expect(left).toEqual([`parley-broadcast-${process.pid}-${own}-AbCdEf`]);
    await rm(place, { recursive: true });
  });
});

describe('people, where Redis has lost everything,', () => {
  afterEach(() => cluster.clear());

  it('are counted, on their core and on its edges', async () => {
    const [core, edge] = (await startTwo()) as [TestNode, TestNode];
    const seat = await cluster.seat('c-counted', 1, [edge.id]);
    expect(seat.node).toBe(core.id);
    const bob = { participant: 2, user: 'bob', device: 'd2' };
    cluster.calls.set('c-counted', {
      participants: [
        { participant: 1, user: 'alice', device: 'd1', at: 0 },
        { ...bob, at: 0 },
      ],
    });
    expect(tagOf(await cluster.attach(seat))).toBe('served');
    const onEdge = { ...bob, node: edge.id, core: seat.node, caller: bob, at: edge.id };
    expect(tagOf(await cluster.attach(seat, onEdge))).toBe('served');
    await cluster.redis.flushdb();
    const placements = openPlacements(cluster.redis);
    const seats = async () => (await placements.read('c-counted'))?.seats;
    await waitFor(async () => isDeepStrictEqual(await seats(), { [seat.node]: 1, [edge.id]: 1 }), {
      what: 'both seats to be counted',
    });
    // It says that it goes: what comes after this is not placed on it.
    await edge.service.end();
  });

  it('stay where their call is, though another node is known there first', async () => {
    const [, other] = (await startTwo()) as [TestNode, TestNode];
    const seat = await cluster.seat('c-first', 1, [other.id]);
    expect(tagOf(await cluster.attach(seat))).toBe('served');
    const beat = cluster.placing.nodes().find((each) => each.node === other.id) as NodeBeat;
    await cluster.redis.flushdb();
    await openRegistry(cluster.redis).beat(beat);
    expect(await cluster.seat('c-first', 2)).toMatchObject({ node: seat.node, fence: seat.fence });
    const placements = openPlacements(cluster.redis);
    await waitFor(async () => (await placements.read('c-first'))?.fence === seat.fence, {
      what: 'the call to be put back',
    });
  });
});

describe('when a node fails', () => {
  afterEach(() => cluster.clear());

  it('has its calls placed elsewhere after a kill, under a greater fence', async () => {
    const nodes = await startTwo();
    const seat = await cluster.seat('c-killed');
    await cluster.attach(seat);
    const { killed, other } = split(nodes, seat.node);
    await killed.service.end('SIGKILL');
    const ping = () => askNode(cluster.nats, killed.id, { method: 'node.ping' }, 1_000);
    await waitFor(async () => (await ping()).tag === 'nobody', { what: 'the broker to miss the node' });
    const next = await cluster.seat('c-killed', 1, [killed.id]);
    expect(next.node).toBe(other.id);
    expect(next.fence).toBeGreaterThan(seat.fence);
    expect(tagOf(await cluster.attach(next))).toBe('served');
  });

  it('lets go of its calls when its workers have died and none starts, and takes calls again when one does', {
    timeout: 60_000,
  }, async () => {
    const { workerBin, broken } = await breakableWorker();
    const unlucky = await cluster.start({ PARLEY_MEDIASOUP_WORKER: workerBin });
    const other = await cluster.start();
    const seat = await cluster.seat('c-workers', 1, [other.id]);
    expect(tagOf(await cluster.attach(seat))).toBe('served');
    const moves = heardMoves('c-workers');
    await writeFile(broken, '');
    const { pid } = unlucky.service;
    for (const worker of childrenOf(pid, 'mediasoup-worker')) process.kill(worker, 'SIGKILL');

    const stateOf = ({ id }: TestNode) => cluster.placing.nodes().find(({ node }) => node === id)?.state;
    await waitFor(() => stateOf(unlucky) === 'starting', { what: 'it to say that it has no worker' });
    expect((await fetch(`${unlucky.url}/ready`)).status).toBe(503);
    // Once for the worker, once for the node.
    await waitFor(() => moves.length === 2, { what: 'its people to be told' });
    const next = await cluster.seat('c-workers');
    expect(next.node).toBe(other.id);
    expect(next.fence).toBeGreaterThan(seat.fence);
    expect(tagOf(await cluster.attach(next))).toBe('served');
    expect(tagOf(await cluster.attach(seat))).toBe('VoiceUnavailable');

    await rm(broken);
    await waitFor(() => stateOf(unlucky) === 'ready', { what: 'it to have workers', timeout: 30_000 });
    const back = await cluster.seat('c-others', 1, [other.id]);
    expect(tagOf(await cluster.attach(back))).toBe('served');
    expect((await cluster.seat('c-workers')).node).toBe(other.id);
  });

  it('serves nobody when it wakes and its calls were placed elsewhere', async () => {
    const nodes = await startTwo();
    const seat = await cluster.seat('c-frozen');
    const kept = await cluster.seat('c-kept', 1, [split(nodes, seat.node).other.id]);
    await cluster.attach(seat);
    await cluster.attach(kept);
    const { killed: frozen } = split(nodes, seat.node);
    frozen.service.signal('SIGSTOP');
    await waitFor(() => cluster.placing.nodes().every(({ node }) => node !== frozen.id), {
      what: 'the frozen node to be missed',
    });
    const registry = openRegistry(cluster.redis);
    const known = async () => (await registry.read()).find(({ beat }) => beat.node === frozen.id);
    await waitFor(async () => ((await known())?.ageMs ?? ALIVE_MS + 1) > ALIVE_MS, {
      what: 'Redis to miss it too',
    });
    const next = await cluster.seat('c-frozen');
    expect(next.node).not.toBe(frozen.id);
    // Asked while it sleeps, answered when it wakes: it has the older placement, and the ticket is good.
    const answers = Promise.all([cluster.attach(seat), cluster.attach(kept)]);
    await cluster.nats.flush();
    frozen.service.signal('SIGCONT');
    const [stale, served] = await answers;
    expect(stale).toEqual({ refusal: { tag: 'PlacementStale' }, fence: next.fence });
    expect(tagOf(served)).toBe('served');
  });
});

describe('without Redis', () => {
  afterEach(() => cluster.clear());

  it('leaves calls where they are, places new ones by rendezvous, and puts them back afterwards', async () => {
    await startTwo();
    const before = await cluster.seat('c-before');
    await cluster.attach(before);
    const other = await cluster.otherPlacing();
    cluster.redisLine.cut();
    await waitFor(() => cluster.redis.status !== 'ready', { what: 'Redis to be away' });

    // Nobody of that gateway was in the call: it asks the nodes.
    expect(await other.seat('c-before', CALL, 2)).toEqual(E.right(before));
    expect(tagOf(await cluster.attach(before))).toBe('served');
    // Which of the two takes a call hangs on their ids, which are chance: of so many, neither is left without.
    const names = Array.from({ length: 24 }, (_, n) => `c-new-${n}`);
    const placed = await Promise.all(names.map((name) => cluster.seat(name)));
    expect(new Set(placed.map(({ node }) => node)).size).toBe(2);
    for (const seat of placed) {
      expect(tagOf(await cluster.attach(seat))).toBe('served');
      expect(await other.seat(seat.conversationId, CALL, 2)).toEqual(E.right(seat));
    }
    // A node that dies meanwhile is replaced, too.
    const [first] = placed;
    const next = await cluster.seat('c-new-0', 1, [first?.node as string]);
    expect(next.node).not.toBe(first?.node);
    expect(next.fence).toBeGreaterThan(first?.fence as number);

    cluster.redisLine.mend();
    const placements = openPlacements(cluster.redis);
    for (const { conversationId, node, fence } of [before, next, ...placed.slice(1)]) {
      await waitFor(async () => (await placements.read(conversationId))?.fence === fence, {
        what: 'the newest placement to be put back',
      });
      expect(await cluster.seat(conversationId)).toMatchObject({ node, fence });
    }
  });
});

describe('a node that is told to go', () => {
  afterEach(() => cluster.clear());

  it('gives its calls away, tells their participants, takes no new ones, and is gone in time', async () => {
    const leaving = await cluster.start();
    const calls = Array.from({ length: 12 }, (_, n) => `c-drained-${n}`);
    const seats = await Promise.all(calls.map((name) => cluster.seat(name)));
    for (const seat of seats) await cluster.attach(seat);
    const told = new Set<string>();
    const notices = cluster.nats.subscribe(callSubject('*'), {
      callback: (_, message) => {
        const { to, name, value } = message.json<CallNotice>();
        if (to === 'all' && name === 'voice.moved') told.add(value.conversationId as string);
      },
    });
    const other = await cluster.start();

    const asked = await askNode(cluster.nats, leaving.id, { method: 'node.drain', seconds: 8 }, 1_000);
    expect(asked).toEqual({ tag: 'answer', result: {} });
    expect(await leaving.service.exited).toBe(0);
    expect([...told].sort()).toEqual([...calls].sort());
    for (const seat of seats) {
      const next = await cluster.seat(seat.conversationId);
      expect(next.node).toBe(other.id);
      expect(next.fence).toBeGreaterThan(seat.fence);
    }
    const known = await openRegistry(cluster.redis).read();
    expect(known.map(({ beat }) => beat.node)).toEqual([other.id]);
    notices.unsubscribe();
  });

  it('gives several calls away at a time, waits for all of their people together, and leaves out what ends', {
    timeout: 30_000,
  }, async () => {
    const [leaving, other] = (await startTwo()) as [TestNode, TestNode];
    const names = Array.from({ length: 8 }, (_, n) => `c-slow-${n}`);
    const seats = await Promise.all(names.map((name) => cluster.seat(name, 1, [other.id])));
    const people = await Promise.all(seats.map(stay));
    // Its turn comes after theirs.
    await cluster.attach(await cluster.seat('c-late', 1, [other.id]));
    const told = new Set<string>();
    const notices = cluster.nats.subscribe(callSubject('*'), {
      callback: (_, message) => {
        const { name, value } = message.json<CallNotice>();
        if (name === 'voice.moved') told.add(value.conversationId as string);
      },
    });
    await askNode(cluster.nats, leaving.id, { method: 'node.drain', seconds: 60 }, 1_000);
    await waitFor(() => told.size > 0, { what: 'it to begin' });
    cluster.calls.set('c-late', null);
    cluster.nats.publish(liveSubject('c-late', PARTITIONS), '{"type":"call.ended"}');
    await waitFor(() => told.size === seats.length, { what: 'all to be told' });
    const metrics = await (await fetch(`${leaving.url}/metrics`)).text();
    // No room was closed before the last one was told.
    expect(metrics).not.toMatch(/^voice_placements_total\{.*why="moved"/m);
    notices.unsubscribe();
    await Promise.all(people.map((person) => person.close()));
    expect(await leaving.service.exited).toBe(0);
    expect(await openPlacements(cluster.redis).read('c-late')).toBeUndefined();
  });

  it('goes on giving its calls away when it is told again, by a signal too, and sooner if that is asked', {
    timeout: 30_000,
  }, async () => {
    const [leaving, other] = (await startTwo()) as [TestNode, TestNode];
    // Eight are given away at once: one waits for its turn.
    const names = Array.from({ length: 9 }, (_, n) => `c-twice-${n}`);
    const seats = await Promise.all(names.map((name) => cluster.seat(name, 1, [other.id])));
    const people = await Promise.all(seats.map(stay));
    const moved: string[] = [];
    const notices = cluster.nats.subscribe(callSubject('*'), {
      callback: (_, message) => {
        const { name, value } = message.json<CallNotice>();
        if (name === 'voice.moved') moved.push(`${value.conversationId} ${value.why}`);
      },
    });
    const drain = (seconds: number) =>
      askNode(cluster.nats, leaving.id, { method: 'node.drain', seconds }, 1_000);
    await drain(60);
    await waitFor(() => moved.length === names.length - 1, { what: 'the first ones to be told' });
    // Until then a second signal counts for the first one.
    await sleep(1_100);
    expect((await drain(1)).tag).toBe('answer');
    leaving.service.signal('SIGTERM');
    expect(await leaving.service.exited).toBe(0);
    expect(moved.sort()).toEqual(names.map((name) => `${name} drain`));
    notices.unsubscribe();
    await Promise.all(people.map((person) => person.close()));
  });

  it.each([
    { seconds: 60, until: 'its people had their time' },
    { seconds: 1, until: 'its own time is over' },
  ])('stays until $until, also when the clock of the machine is set back', async ({ seconds }) => {
    await cluster.start();
    const { node, show } = openOwnNode('sfu-set-back', { isUsed: () => true });
    await show('c-set-back', 50);
    const notices = cluster.nats.subscribe(callSubject('c-set-back'), { max: 1 });
    const drained = node.drain(seconds);
    for await (const notice of notices) expect(notice.json()).toMatchObject({ name: 'voice.moved' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    // Its people have 4 s.
    const late = sleep(seconds === 1 ? 3_500 : 10_000, 'late');
    expect(await Promise.race([drained, late]).finally(() => vi.useRealTimers())).toBeUndefined();
  });

  it('leaves at once where no other node is there', async () => {
    const leaving = await cluster.start({ PARLEY_VOICE_DRAIN: '600' });
    await cluster.attach(await cluster.seat('c-alone'));
    await leaving.service.end();
    expect(await leaving.service.exited).toBe(0);
    expect(await cluster.placing.seat('c-alone', CALL, 1)).toEqual(E.left({ tag: 'VoiceUnavailable' }));
  });
});

describe('an edge of a call', () => {
  afterEach(() => cluster.clear());

  it('stops broadcasting, where it was the core: the next one does it', async () => {
    const { node, done, show } = openOwnNode('sfu-broadcasting');
    await show('c-broadcast', 50);
    await waitFor(() => done.includes('broadcast mix'), { what: 'it to be broadcast' });
    await show('c-broadcast', 51, 'sfu-next');
    expect(done.at(-1)).toBe('stop broadcast');
    await node.drain(0);
  });

  it('begins to broadcast as soon as it is the core, and not with its next look', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { node, done, show } = openOwnNode('sfu-raised');
    await show('c-raised', 50, 'sfu-core');
    await waitFor(() => done.includes('stop broadcast'), { what: 'it to be an edge' });
    await show('c-raised', 51);
    await waitFor(() => done.includes('broadcast mix'), { what: 'it to be broadcast' });
    await node.drain(0);
    vi.useRealTimers();
  });

  it('goes where nobody is on it, and leaves the call to its core', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { node, done, show } = openOwnNode('sfu-left');
    await show('c-left', 50, 'sfu-core');
    const placements = openPlacements(cluster.redis);
    await waitFor(() => placements.read('c-left'), { what: 'the call to be kept' });
    // Six looks at whether anybody is there.
    vi.advanceTimersByTime(60_000);
    expect(done.at(-1)).toBe('drop');
    expect(await placements.read('c-left')).toMatchObject({ node: 'sfu-core', fence: 50 });
    await node.drain(0);
    vi.useRealTimers();
  });
});

/** A node in this process, without a worker, and what it has its broadcasts and edges do. @param over of its rooms */
function openOwnNode(self: string, over: Partial<Rooms> = {}) {
  const key = randomBytes(32);
  const log = createLog(self, 'silent');
  const registry = new Registry();
  const done: string[] = [];
  const pool = { pick: () => undefined };
  const node = openNode({
    self,
    nats: cluster.nats,
    redis: cluster.redis,
    placing: cluster.placing,
    rooms: { ...openRooms({ pool, tell: () => undefined, log, registry }), ...over },
    broadcasts: {
      set: (_, __, source) => done.push(`broadcast ${source}`),
      stop: () => done.push('stop broadcast'),
      file: async () => 'nothing',
      close: async () => undefined,
    },
    edges: {
      follow: () => undefined,
      drop: () => done.push('drop'),
      linked: () => new Set(),
      answer: async () => refused(refuse('PlacementStale')),
      close: () => undefined,
    },
    rosterOf: async () => E.right(rosterOf({ broadcast: 'mix' })),
    partitions: PARTITIONS,
    key,
    region: 'local',
    http: 'http://127.0.0.1:1',
    comfortable: 50,
    cpu: () => 0,
    log,
    registry,
    onDrainAsked: () => undefined,
  });
  node.workersReady();
  return {
    node,
    done,
    /** Shows it where a call is; it has no media for whoever does. */
    async show(conversationId: string, fence: number, core?: string): Promise<void> {
      const placed = { conversationId, call: CALL, node: self, fence, ...(core && { core }) };
      const who = { participant: 1, user: 'alice', device: 'd1' };
      const ticket = await signTicket(key, { ...placed, ...who, speaks: true }, Date.now());
      const params = { conversationId, call: CALL, ticket };
      const request = JSON.stringify({ method: 'voice.attach', params, user: 'alice', device: 'd1' });
      const reply = await cluster.nats.request(nodeSubject(self), request, { timeout: 1_000 });
      expect(tagOf(reply.json())).toBe('VoiceUnavailable');
    },
  };
}

/** A participant whose transport stands, who goes nowhere. */
async function stay(seat: Seat) {
  const must = asker(seat);
  await must('voice.attach');
  return (await openTransport(must, 'recv')).raw;
}

/** What asks a node as the participant of a ticket, and fails when it is refused. */
const asker =
  (seat: Seat, changed: Changed = {}) =>
  async <M extends NodeMethod>(method: M, params: object = {}): Promise<VoiceResult<M>> => {
    const reply = await cluster.ask(seat, method, params, changed);
    if ('refusal' in reply) throw new Error(`${method}: ${reply.refusal.tag}`);
    return reply.result as VoiceResult<M>;
  };

async function openTransport(must: ReturnType<typeof asker>, direction: 'send' | 'recv') {
  const opened = await must('voice.openTransport', { direction });
  const { transport } = opened;
  const raw = await openRawTransport(opened as unknown as RemoteTransport, async (dtlsParameters) => {
    await must('voice.connectTransport', { transport, dtlsParameters });
  });
  return { transport, raw };
}

/** Alice speaks all the time, and another participant hears her. */
async function carryVoice(seat: Seat, listener: Changed): Promise<{ readonly end: () => Promise<void> }> {
  const [alice, bob] = [asker(seat), asker(seat, listener)];
  await alice('voice.attach');
  const { rtpCapabilities } = await bob('voice.attach');
  const mouth = await openTransport(alice, 'send');
  const ear = await openTransport(bob, 'recv');
  const rtpParameters = opusParameters(SSRC);
  await alice('voice.produce', { transport: mouth.transport, kind: 'audio', source: 'mic', rtpParameters });
  await bob('voice.receive', { transport: ear.transport, rtpCapabilities });
  const fallSilent = speakOn(Buffer.alloc(60, 1), (packet) =>
    mouth.raw.send({ ...packet, ssrc: SSRC, payloadType: 111 }),
  );
  return {
    async end() {
      fallSilent();
      await Promise.all([mouth.raw.close(), ear.raw.close()]);
    },
  };
}

const SSRC = 1_001;

/** A worker that starts for as long as the file `broken` is not there. */
async function breakableWorker(): Promise<{ readonly workerBin: string; readonly broken: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-test-worker-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [workerBin, broken] = [join(directory, 'worker'), join(directory, 'broken')];
  const start = `exec '${testWorker.workerBin}' "$@"`;
  await writeFile(workerBin, `#!/bin/sh\n[ -e '${broken}' ] && exit 1\n${start}\n`, { mode: 0o700 });
  return { workerBin, broken };
}

/** What is told of a call's moving, from now on. */
function heardMoves(conversationId: string): readonly CallNotice[] {
  const moves: CallNotice[] = [];
  const subscription = cluster.nats.subscribe(callSubject(conversationId), {
    callback: (_, message) => {
      const notice = message.json<CallNotice>();
      if (notice.name === 'voice.moved') moves.push(notice);
    },
  });
  onTestFinished(() => subscription.unsubscribe());
  return moves;
}

const startTwo = (): Promise<readonly TestNode[]> => Promise.all([cluster.start(), cluster.start()]);

function split(nodes: readonly TestNode[], id: string) {
  const killed = nodes.find((node) => node.id === id) as TestNode;
  const other = nodes.find((node) => node.id !== id) as TestNode;
  return { killed, other };
}

const tagOf = (reply: NodeReply): string => ('result' in reply ? 'served' : reply.refusal.tag);
