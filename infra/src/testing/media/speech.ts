import { PACKET_MS, PACKET_TICKS, type RawParticipant } from './raw-participant.js';

type Packet = Parameters<RawParticipant['speak']>[0];

/** Has a packet of this payload sent every 20 ms, each with the next number and time; returns what ends it. */
export function speakOn(payload: Buffer, send: (packet: Packet) => void): () => void {
  let count = 0;
  const speaking = setInterval(() => {
    count++;
    send({ sequence: count & 0xffff, timestamp: count * PACKET_TICKS, payload });
  }, PACKET_MS);
  return () => clearInterval(speaking);
}
