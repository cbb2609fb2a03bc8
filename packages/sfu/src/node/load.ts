import type { NodeLoad } from '@parley/infra/voice/beat';
import type { RoomInfo } from '../room/rooms.js';

/** How loaded a node is, of its rooms and the CPU of its busiest worker. */
export function loadOf(rooms: readonly RoomInfo[], cpu: number): NodeLoad {
  let [consumers, participants, bitrate] = [0, 0, 0];
  for (const room of rooms) {
    consumers += room.consumers;
    participants += room.participants;
    bitrate += room.bitrate;
  }
  return { cpu, consumers, participants, calls: rooms.length, bitrate };
}
