import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { Asked, EdgeQuestion } from '@parley/infra/voice/questions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  openTestRooms,
  opusParameters,
  type TestRooms,
  testCall,
  ticketFor,
} from '../testing/open-test-rooms.js';
import { playIntoRoom } from '../testing/play-into-room.js';
import { type Edges, openEdges } from './edges.js';

const { conversationId, call, fence } = testCall;
const NODES = ['core', 'east', 'west'] as const;
type Name = (typeof NODES)[number];
type Node = { readonly rooms: TestRooms; readonly edges: Edges };

let nodes: Record<Name, Node>;

beforeEach(async () => {
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
        const reply = await nodes[node as Name].edges.answer(
          JSON.parse(JSON.stringify(question)),
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
async function track(name: Name, participant: number) {
  return waitFor(
    async () => {
      const media = await nodes[name].rooms.rooms.media(conversationId);
      return media?.tracks().find((each) => each.participant === participant && each.source === 'mic');
    },
    { what: `the voice of ${participant} at ${name}` },
  );
}

const isGone = (name: Name, participant: number) =>
  waitFor(
    async () => {
      const media = await nodes[name].rooms.rooms.media(conversationId);
      return media?.tracks().every((each) => each.participant !== participant);
    },
    { what: `${participant} to be gone at ${name}` },
  );

/** A participant on an edge of the core who has a microphone. */
async function speak(name: Name, participant: number) {
  const { rooms } = nodes[name];
  const ticket = ticketFor(participant, { core: 'core' });
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

  it('brings media itself, encrypted, over the core to both edges', { timeout: 30_000 }, async () => {
    const media = await nodes.core.rooms.rooms.media(conversationId);
    if (media === undefined) throw new Error('there is no room');
    const player = await playIntoRoom(media, 31);
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
    }
    await isGone('east', 31);
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
