import type { Placements } from '@parley/infra/voice/placements';
import type { Rooms } from '../room/rooms.js';
import type { Held, Holds } from './holds.js';

/** Looks in a row at which nobody was in a room, before it is let go of: its call goes on without a server, or its participants are elsewhere. */
const LOOKS = 6;

/** Finds rooms that nobody needs; looked at every 10 s. */
export function openIdle(self: string, holds: Holds, rooms: Rooms, placements: Placements) {
  const empty = new Map<string, number>();

  /** A core stays for its edges. While Redis is away nobody knows. */
  async function isNeeded({ conversationId }: Held): Promise<boolean> {
    const placed = await placements.read(conversationId).catch(() => undefined);
    return placed === undefined || Object.keys(placed.seats).some((node) => node !== self);
  }

  return async (): Promise<readonly Held[]> => {
    const there = new Set(
      rooms.list().flatMap(({ conversationId, connected }) => (connected > 0 ? conversationId : [])),
    );
    const idle: Held[] = [];
    const before = new Map(empty);
    empty.clear();
    for (const held of holds.held()) {
      const { conversationId } = held;
      if (there.has(conversationId)) continue;
      const looks = (before.get(conversationId) ?? 0) + 1;
      if (looks >= LOOKS && !(await isNeeded(held))) idle.push(held);
      else empty.set(conversationId, looks);
    }
    return idle;
  };
}
