import { refuse } from '@parley/domain/conversation/refusals';
import type { Log } from '@parley/infra/runtime/log';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import * as E from 'fp-ts/lib/Either.js';
import type { Registry } from 'prom-client';
import { mediaMetrics } from './media-metrics.js';
import { openRoom, type Room } from './room.js';
import type { Member } from './room-state.js';
import { ROOM_LIMITS, type RoomLimits, type Rooms, type RoomWorkers, type Tell } from './rooms.js';
import { openSampler } from './sample-media.js';

export type RoomResources = {
  readonly pool: RoomWorkers;
  readonly tell: Tell;
  readonly log: Log;
  readonly registry: Registry;
  readonly limits?: Partial<RoomLimits>;
};

/** Milliseconds between two looks at what has become due in rooms. */
const TICK = 500;

/** The calls of a node. */
export function openRooms({ pool, tell, log, registry, limits: given }: RoomResources): Rooms {
  const limits = { ...ROOM_LIMITS, ...given };
  const metrics = mediaMetrics(registry);
  const rooms = new Map<string, Room>();
  const sampler = openSampler({ rooms: () => rooms.values(), metrics, now: steadyNow, log });
  const ticking = setInterval(() => {
    for (const { media } of rooms.values()) void media?.apply({ tag: 'tick' });
  }, TICK);
  ticking.unref();

  function close(conversationId: string): void {
    rooms.get(conversationId)?.close();
    rooms.delete(conversationId);
  }

  return {
    open(placement) {
      const { conversationId, call, fence } = placement;
      const room = rooms.get(conversationId);
      if (room?.call === call) return room.raise(fence);
      if (room !== undefined && (room.call > call || room.fence > fence)) return;
      close(conversationId);
      rooms.set(conversationId, openRoom({ placement, pool, tell, log, metrics, now: steadyNow, limits }));
    },
    async request(ticket, method, params) {
      const room = rooms.get(ticket.conversationId);
      const answered =
        room?.call === ticket.call
          ? await room.request(ticket, method, params)
          : E.left(refuse('PlacementStale'));
      if (E.isLeft(answered)) metrics.errors.inc({ reason: answered.left.tag });
      return answered;
    },
    setRoster(conversationId, roster) {
      const room = rooms.get(conversationId);
      if (room === undefined || (roster !== undefined && roster.revision < room.call)) return;
      if (roster?.call?.call === room.call) room.setRoster(roster);
      else close(conversationId);
    },
    workerDied(worker) {
      for (const room of rooms.values()) {
        if (!room.isOn(worker)) continue;
        room.begin('worker');
      }
    },
    close(conversationId, why) {
      const room = rooms.get(conversationId);
      if (room === undefined) return;
      if (why === 'moved') room.begin('node');
      close(conversationId);
    },
    list: () =>
      [...rooms.values()].map(({ conversationId, call, fence, media }) => ({
        conversationId,
        call,
        fence,
        participants: media?.state.members.size ?? 0,
        connected: [...(media?.state.members.values() ?? [])].filter(isConnected).length,
        producers: media?.state.tracks.size ?? 0,
        consumers: media?.state.consumers.size ?? 0,
        bitrate: media === undefined ? 0 : sampler.bitrateOf(media),
      })),
    attached: (conversationId) => [...(rooms.get(conversationId)?.media?.state.members.keys() ?? [])],
    isUsed: (conversationId) =>
      [...(rooms.get(conversationId)?.media?.state.members.values() ?? [])].some(isConnected),
    media: async (conversationId) => rooms.get(conversationId)?.share(),
    async shutdown() {
      clearInterval(ticking);
      sampler.close();
      for (const conversationId of [...rooms.keys()]) close(conversationId);
    },
  };
}

const isConnected = ({ transports }: Member): boolean => [...transports.values()].some(({ up }) => up);
