import { refuse } from '@parley/domain/conversation/refusals';
import type { Log } from '@parley/infra/runtime/log';
import * as E from 'fp-ts/lib/Either.js';
import type { Registry } from 'prom-client';
import type { RoomLimits, Rooms, RoomWorkers, Tell } from './rooms.js';

export type RoomResources = {
  readonly pool: RoomWorkers;
  readonly tell: Tell;
  readonly log: Log;
  readonly registry: Registry;
  /** Ms since 1970 UTC. */
  readonly now: () => number;
  readonly limits?: Partial<RoomLimits>;
};

/** The calls of a node. Nothing can be carried yet. */
export function openRooms(_resources: RoomResources): Rooms {
  return {
    open: () => undefined,
    request: async () => E.left(refuse('VoiceUnavailable')),
    setRoster: () => undefined,
    workerDied: () => undefined,
    close: () => undefined,
    list: () => [],
    media: async () => undefined,
    shutdown: async () => undefined,
  };
}
