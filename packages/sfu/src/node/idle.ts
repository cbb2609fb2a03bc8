import type { Edges } from '../edge/edges.js';
import type { Rooms } from '../room/rooms.js';
import type { Held, Holds } from './holds.js';

/** Looks in a row at which nobody was in a room, before it is let go of: its call goes on without a server, or its participants are elsewhere. */
const LOOKS = 6;

/**
 * Finds rooms that nobody needs; looked at every 10 s. A core stays for the edges that are linked with it, an edge for who is on it alone. Seats say nothing of that: whoever is in
 * a call keeps theirs, also while it goes from browser to browser.
 */
export function openIdle(
  holds: Pick<Holds, 'held'>,
  rooms: Pick<Rooms, 'list'>,
  edges: Pick<Edges, 'linked'>,
): () => readonly Held[] {
  let empty = new Map<string, number>();
  return () => {
    const used = new Set(
      rooms.list().flatMap(({ conversationId, connected }) => (connected > 0 ? conversationId : [])),
    );
    const linked = edges.linked();
    const idle: Held[] = [];
    const before = empty;
    empty = new Map();
    for (const held of holds.held()) {
      const { conversationId, core } = held;
      if (used.has(conversationId) || (core === undefined && linked.has(conversationId))) continue;
      const looks = (before.get(conversationId) ?? 0) + 1;
      if (looks >= LOOKS) idle.push(held);
      else empty.set(conversationId, looks);
    }
    return idle;
  };
}
