import { type RtpPacket, sequenceAhead, timestampAhead } from './rtp-packet.js';

/**
 * One voice of a mix: a stream of opus without a gap, whoever speaks in it. Positions are in ticks of its clock of 48 kHz since the broadcast began; a
 * decoder never waits for it.
 */
export type VoiceSlot = {
  /** Packets so far: the sequence number of the next one. */
  readonly sent: number;
  /** Where what was sent ends. */
  readonly end: number;
  readonly source: Source | undefined;
};

type Source = {
  readonly id: string;
  readonly sequence: number;
  readonly timestamp: number;
  readonly position: number;
};

export type VoiceStep = { readonly slot: VoiceSlot; readonly packets: readonly RtpPacket[] };

export const emptyVoice: VoiceSlot = { sent: 0, end: 0, source: undefined };

/** 20 ms: what one packet has, as senders of opus make them unless told otherwise. */
const PACKET = 960;

/** Silence is put in this late, 100 ms: packets may come with as much jitter. */
const LAG = 5 * PACKET;

/** A source whose clock has gone this far from ours, 240 ms, is put to now again. */
const DRIFT = 12 * PACKET;

/** Opus of 20 ms of silence (RFC 6716: one frame, CELT, full band, nothing in it). */
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

/** A packet of whoever speaks here now, `from` naming the source. One that comes late is dropped: silence is in its place already. */
export function hearVoice(slot: VoiceSlot, from: string, packet: RtpPacket, now: number): VoiceStep {
  const known = slot.source?.id === from ? slot.source : undefined;
  if (known !== undefined && sequenceAhead(packet.sequence, known.sequence) <= 0)
    return { slot, packets: [] };
  const own = known === undefined ? now : known.position + timestampAhead(packet.timestamp, known.timestamp);
  const position = Math.max(slot.end, Math.abs(own - now) > DRIFT ? now : own);
  const { sequence, timestamp } = packet;
  return {
    slot: {
      sent: slot.sent + 1,
      end: position + PACKET,
      source: { id: from, sequence, timestamp, position },
    },
    packets: [{ ...packet, sequence: slot.sent, timestamp: position, marker: false }],
  };
}

/** Silence for as long as nobody has spoken until `now`: DTX, a pause, or nobody there. */
export function fillVoice(slot: VoiceSlot, now: number): VoiceStep {
  const packets: RtpPacket[] = [];
  // A process that was stopped for long does not make up for all of it.
  let end = Math.max(slot.end, now - 50 * PACKET);
  let { sent } = slot;
  for (; end + PACKET + LAG <= now; end += PACKET)
    packets.push({ sequence: sent++, timestamp: end, marker: false, payload: SILENCE });
  return packets.length === 0 ? { slot, packets } : { slot: { ...slot, sent, end }, packets };
}
