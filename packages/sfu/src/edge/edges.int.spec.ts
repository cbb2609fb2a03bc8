import type { TrackSource } from '@parley/domain/wire/voice';
import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { Asked, EdgeQuestion } from '@parley/infra/voice/questions';
import * as E from 'fp-ts/lib/Either.js';
import type { types } from 'mediasoup';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRequest } from '../node/requests.js';
import { filmIntoRoom } from '../testing/film-into-room.js';
import {
  openTestRooms,
  opusParameters,
  type TestRooms,
  testCall,
  ticketFor,
  vp8Parameters,
} from '../testing/open-test-rooms.js';
import { playIntoRoom } from '../testing/play-into-room.js';
import { watchRoom } from '../testing/watch-room.js';
import { type Edges, openEdges } from './edges.js';

const { conversationId, call, fence } = testCall;
const NODES = ['core', 'east', 'west'] as const;
type Name = (typeof NODES)[number];
type Node = { readonly rooms: TestRooms; readonly edges: Edges };

let nodes: Record<Name, Node>;
/** Hears no question. */
let deaf: string | undefined;

beforeEach(async () => {
  deaf = undefined;
  const open = async (self: Name, index: number): Promise<Node> => {
    const portMin = 47_000 + index * 1_000;
    const rooms = await openTestRooms({ portMin });
    rooms.rooms.open(testCall);
    const edges = openEdges({
      self,
      rooms: rooms.rooms,
      listen: { ip: '127.0.0.1', portMin, portMax: portMin + 999 },
      log: createLog(self, 'silent'),
      ask: async <Q extends EdgeQuestion>(node: string, question: Q) => {
        const incoming = readRequest(JSON.stringify(question));
        if (E.isLeft(incoming) || incoming.right.tag !== 'question')
          throw new Error(`a node does not read ${question.method}`);
        if (node === deaf) return { tag: 'silence' };
        const reply = await nodes[node as Name].edges.answer(
          incoming.right.question as EdgeQuestion,
          () => node === 'core',
        );
        return (
          'refusal' in reply ? { tag: 'refused', ...reply } : { tag: 'answer', ...reply }
        ) as Asked<never>;
      },
    });
    return { rooms, edges };
  };
  const [core, east, west] = await Promise.all(NODES.map(open));
  nodes = { core, east, west } as Record<Name, Node>;
  for (const name of ['east', 'west'] as const)
    nodes[name].edges.follow({ conversationId, call, fence, core: 'core' });
});
afterEach(async () => {
  for (const { edges } of Object.values(nodes)) edges.close();
  await Promise.all(Object.values(nodes).map(({ rooms }) => rooms.close()));
});

/** The track of a participant as a node has it. */
async function track(name: Name, participant: number, source: TrackSource = 'mic') {
  return waitFor(
    async () => {
      const media = await nodes[name].rooms.rooms.media(conversationId);
      return media?.tracks().find((each) => each.participant === participant && each.source === source);
    },
    { what: `the ${source} of ${participant} at ${name}` },
  );
}

async function mediaOf(name: Name) {
  const media = await nodes[name].rooms.rooms.media(conversationId);
  if (media === undefined) throw new Error('there is no room');
  return media;
}

const isGone = (name: Name, participant: number) =>
  waitFor(
    async () => {
      const media = await nodes[name].rooms.rooms.media(conversationId);
      return media?.tracks().every((each) => each.participant !== participant);
    },
    { what: `${participant} to be gone at ${name}` },
  );

/** A participant on the core, or on an edge of it, who has a microphone. */
async function speak(name: Name, participant: number, placed = fence) {
  const { rooms } = nodes[name];
  const ticket = ticketFor(participant, {
    fence: placed,
    ...(name === 'core' ? {} : { core: 'core' }),
  });
  await rooms.must(ticket, 'voice.attach', {});
  const { transport } = await rooms.must(ticket, 'voice.openTransport', { direction: 'send' });
  const { producer } = await rooms.must(ticket, 'voice.produce', {
    transport,
    kind: 'audio',
    source: 'mic',
    rtpParameters: opusParameters(participant * 100),
  });
  const set = (change: object) => rooms.must(ticket, 'voice.setProducer', { producer, ...change });
  return { producer, set };
}

describe('a call on several nodes', () => {
  it('brings a track at one edge to the core and to the other, as it is paused, and takes it away', async () => {
    const { producer, set } = await speak('east', 21);
    for (const name of ['core', 'west'] as const) {
      const there = await track(name, 21);
      expect(there).toMatchObject({ user: 'user21', source: 'mic', brought: true });
      expect(there.producer.id).toBe(producer);
    }
    await set({ paused: true });
    for (const name of ['core', 'west'] as const)
      await waitFor(async () => (await track(name, 21)).producer.paused, { what: `a pause at ${name}` });
    await set({ paused: false });
    await waitFor(async () => !(await track('west', 21)).producer.paused, { what: 'it to go on' });
    await set({ closed: true });
    await isGone('core', 21);
    await isGone('west', 21);
  });

  it('hears who has moved to the core from there, whatever an edge has of them', async () => {
    nodes.east.edges.drop(conversationId);
    await speak('east', 9);
    const moved = await speak('core', 9, fence + 1);
    // It has its say before it learns of the other one.
    deaf = 'east';
    nodes.east.edges.follow({ conversationId, call, fence, core: 'core' });
    const other = await speak('east', 21);
    await track('core', 21);
    await other.set({ paused: true });
    // What an edge said before it was heard, too.
    await waitFor(async () => (await track('core', 21)).paused, { what: 'the edge to be heard' });
    deaf = undefined;
    for (const name of NODES) {
      const isHeard = async () => (await track(name, 9)).producer.id === moved.producer;
      await waitFor(isHeard, { what: `the newer one to be heard at ${name}` });
    }
  });

  it('hears who has moved to another edge from there, when the first one wakes', async () => {
    nodes.east.edges.drop(conversationId);
    await speak('east', 9);
    const moved = await speak('west', 9);
    await track('core', 9);
    nodes.east.edges.follow({ conversationId, call, fence, core: 'core' });
    const other = await speak('east', 21);
    await track('core', 21);
    await other.set({ paused: true });
    await waitFor(async () => (await track('core', 21)).paused, { what: 'the edge to be heard' });
    expect((await track('core', 9)).producer.id).toBe(moved.producer);
    const isHeard = async () => (await track('east', 9)).producer.id === moved.producer;
    await waitFor(isHeard, { what: 'the newer one to be heard there' });
  });

  it('knows what its sender paused from what a moderator muted, in whatever order the nodes learn of it', async () => {
    const { set } = await speak('east', 21);
    await Promise.all([track('core', 21), track('west', 21)]);
    let revision = 100;
    const mute = (name: Name, muted: readonly string[]) => {
      const call = { call: testCall.call, participants: [{ participant: 21 }], muted };
      nodes[name].rooms.rooms.setRoster(conversationId, { revision: revision++, call } as never);
    };
    const becomes = (name: Name, paused: boolean, heard: boolean) =>
      waitFor(
        async () => {
          const there = await track(name, 21);
          return there.paused === paused && there.producer.paused === !heard;
        },
        { what: `it to be ${paused ? '' : 'not '}paused and ${heard ? '' : 'not '}heard at ${name}` },
      );
    mute('core', ['user21']);
    await becomes('core', false, false);
    await set({ paused: true });
    await becomes('west', true, false);
    mute('west', ['user21']);
    await set({ paused: false });
    await becomes('core', false, false);
    await becomes('west', false, false);
    mute('core', []);
    await becomes('core', false, true);
    await becomes('west', false, false);
    await set({ paused: true });
    mute('west', []);
    await becomes('west', true, false);
    await set({ paused: false });
    await becomes('west', false, true);
  });

  it('brings media itself, encrypted, over the core to both edges', { timeout: 30_000 }, async () => {
    const listeners = await Promise.all(
      (['east', 'west'] as const).map((name) =>
        watchRoom(nodes[name].rooms, ticketFor(name === 'east' ? 51 : 52, { core: 'core' })),
      ),
    );
    const player = await playIntoRoom(await mediaOf('core'), 31);
    try {
      for (const name of ['east', 'west'] as const) {
        const { producer } = await track(name, 31);
        await waitFor(async () => (await producer.getStats())[0]?.packetCount ?? 0, {
          what: `packets at ${name}`,
          timeout: 15_000,
        });
      }
    } finally {
      await player.stop();
      await Promise.all(listeners.map(({ close }) => close()));
    }
    await isGone('east', 31);
  });

  it.each(['VP8', 'VP9'] as const)(
    'forwards the layers of %s by the size that each one sees it at, on every node',
    {
      timeout: 30_000,
    },
    async (codec) => {
      const film = await filmIntoRoom(await mediaOf('core'), 41, codec);
      const { id } = film.producer;
      const watchers = [];
      try {
        for (const name of ['core', 'east'] as const) {
          await track(name, 41, 'camera');
          const watcher = await watchRoom(
            nodes[name].rooms,
            ticketFor(51, name === 'core' ? {} : { core: 'core' }),
          );
          watchers.push(watcher);
          for (const [width, spatialLayer] of [
            [1_280, 2],
            // Of a picture of 1,280 it would be the smallest.
            [300, 1],
            [640, 1],
          ] as const) {
            await watcher.show(id, { width, paused: false });
            await waitFor(() => watcher.received.get(id)?.currentLayers?.spatialLayer === spatialLayer, {
              what: `layer ${spatialLayer} of ${codec} at ${name}`,
            });
          }
        }
      } finally {
        film.stop();
        await Promise.all(watchers.map(({ close }) => close()));
      }
    },
  );

  it('brings what is filmed only where somebody sees it, and tells who films; a voice comes to the core always', {
    timeout: 30_000,
  }, async () => {
    const voice = await speak('west', 21);
    const { rooms } = nodes.west;
    const ticket = ticketFor(21, { core: 'core' });
    const { transport } = await rooms.must(ticket, 'voice.openTransport', { direction: 'send' });
    const { producer } = await rooms.must(ticket, 'voice.produce', {
      transport,
      kind: 'video',
      source: 'camera',
      rtpParameters: vp8Parameters(['q', 'h', 'f'], 'camera'),
      paused: true,
    });
    const wanted = () => rooms.notices.flatMap(({ name, value }) => (name === 'voice.wanted' ? [value] : []));
    const film = await filmIntoRoom(await mediaOf('core'), 41, 'VP8');
    const { id } = film.producer;
    const watcher = await watchRoom(nodes.east.rooms, ticketFor(51, { core: 'core' }));
    try {
      const [east, west] = await Promise.all([track('east', 41, 'camera'), track('west', 41, 'camera')]);
      const packets = async (of: types.Producer) =>
        (await of.getStats()).reduce((sum, { packetCount }) => sum + packetCount, 0);
      /** While there are some more of them. */
      const isSent = async (there: typeof east) => {
        const [before, until] = [await packets(there.producer), (await packets(film.producer)) + 30];
        await waitFor(async () => (await packets(film.producer)) >= until, { what: 'more to be filmed' });
        return (await packets(there.producer)) > before;
      };
      await waitFor(() => watcher.received.size === 3, { what: 'everything to be offered at an edge' });
      await watcher.show(voice.producer, { paused: true });
      // mediasoup is silent about a consumer that is paused while its producer is.
      await waitFor(async () => !(await track('east', 21, 'camera')).wanted, { what: 'nobody to see it' });
      for (const name of NODES) await (await mediaOf(name)).router.dump();
      await rooms.must(ticket, 'voice.setProducer', { producer, paused: false });
      await waitFor(() => wanted().length > 0, { what: 'who films to learn that nobody sees it' });
      await waitFor(async () => !(await isSent(east)), { what: 'nothing to be sent to one edge' });
      await waitFor(async () => !(await isSent(west)), { what: 'nothing to be sent to the other' });

      await watcher.show(id, { paused: false });
      await waitFor(() => watcher.received.get(id)?.currentLayers, { what: 'the picture there' });
      expect(await isSent(west)).toBe(false);
      await watcher.show(producer, { paused: false });
      await waitFor(() => wanted().length > 1, { what: 'who films to learn that somebody sees it' });
      expect(wanted()).toMatchObject([
        { producer, wanted: false },
        { producer, wanted: true },
      ]);
    } finally {
      film.stop();
      await watcher.close();
    }
  });

  it('is linked anew after a worker of the core died, with what is still there', {
    timeout: 30_000,
  }, async () => {
    await speak('east', 21);
    await track('core', 21);
    const before = await nodes.core.rooms.rooms.media(conversationId);
    for (const { worker } of nodes.core.rooms.pool.workers) process.kill(worker.pid, 'SIGKILL');
    await before?.closed;
    await track('core', 21);
    await track('west', 21);
  });

  it('knows that a call is linked, until no other node of it is there', async () => {
    await speak('east', 21);
    await track('west', 21);
    expect([...nodes.core.edges.linked()]).toEqual([conversationId]);
    for (const name of ['east', 'west'] as const) nodes[name].edges.drop(conversationId);
    await waitFor(() => nodes.core.edges.linked().size === 0, { what: 'the core to miss its edges' });
  });

  it('tells only those on an edge when that edge begins anew', async () => {
    await speak('east', 21);
    await track('west', 21);
    const { rooms } = nodes.east;
    rooms.notices.length = 0;
    for (const { worker } of rooms.pool.workers) process.kill(worker.pid, 'SIGKILL');
    await rooms.told(21, 'voice.moved');
    expect(rooms.notices.filter(({ name }) => name === 'voice.moved').map(({ to }) => to)).toEqual([21]);
    await isGone('core', 21);
    await isGone('west', 21);
  });
});
