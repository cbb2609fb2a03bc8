import type { NodeBeat } from '../voice/beat.js';

/** What a node of the region `north` says that takes calls and has none. */
export const beatOf = (node: string): NodeBeat => ({
  node,
  region: 'north',
  http: 'http://127.0.0.1:1',
  state: 'ready',
  comfortable: 50,
  load: { cpu: 0, consumers: 0, participants: 0, calls: 0, bitrate: 0 },
});
