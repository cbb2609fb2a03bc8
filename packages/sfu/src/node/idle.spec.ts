import { expect, it } from 'vitest';
import type { RoomInfo } from '../room/rooms.js';
import type { Held } from './holds.js';
import { openIdle } from './idle.js';

const edge: Held = { conversationId: 'c-edge', call: 5, fence: 50, core: 'sfu-core' };
const core: Held = { conversationId: 'c-core', call: 5, fence: 50 };

/** A node that carries a call as an edge and another one as the core, and what it finds idle at a look. */
function openLooks() {
  const connected = new Map<string, number>();
  const linked = new Set<string>();
  const list = () =>
    [...connected].map(([conversationId, count]) => ({ conversationId, connected: count }) as RoomInfo);
  const look = openIdle({ held: () => [edge, core] }, { list }, { linked: () => linked });
  const looks = (count: number) => Array.from({ length: count }, () => look());
  return { connected, linked, looks };
}

it('lets go of an edge that nobody is on at the sixth look, though it is linked with its core', () => {
  const { connected, linked, looks } = openLooks();
  linked.add('c-edge');
  connected.set('c-core', 3);
  expect(looks(6)).toEqual([[], [], [], [], [], [edge]]);
});

it('keeps a core that nobody is on for as long as an edge is linked with it', () => {
  const { connected, linked, looks } = openLooks();
  linked.add('c-core');
  connected.set('c-edge', 3);
  expect(looks(20).flat()).toEqual([]);
  linked.delete('c-core');
  expect(looks(5).flat()).toEqual([]);
  // It was gone for a moment: its worker died, or its line was cut.
  linked.add('c-core');
  looks(1);
  linked.delete('c-core');
  expect(looks(6)).toEqual([[], [], [], [], [], [core]]);
});

it('lets go of core and edge where everybody has gone over to a mesh', () => {
  const { connected, linked, looks } = openLooks();
  connected.set('c-core', 0);
  connected.set('c-edge', 0);
  linked.add('c-edge');
  expect(looks(6).flat()).toEqual([edge, core]);
});
