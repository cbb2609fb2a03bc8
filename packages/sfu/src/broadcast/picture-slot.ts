import { type RtpPacket, sequenceAhead, timestampAhead } from './rtp-packet.js';
import { BLACK, beginsKeyFrame } from './vp8.js';

/**
 * The picture of a broadcast: one stream of VP8, whoever is shown in it. Positions are in ticks of its clock of 90 kHz since the broadcast began. A source begins with a key
 * frame, so that a decoder never sees one that refers to another's.
 */
export type PictureSlot = {
  /** The next sequence number, past all that were sent. */
  readonly next: number;
  /** Where the newest picture is. */
  readonly at: number;
  readonly source: Source | undefined;
};

type Source = {
  readonly id: string;
  /** The first packet: its timestamp in the source, and where it is here. */
  readonly timestamp: number;
  readonly position: number;
  readonly first: number;
  /** Of its newest packet, in the source. */
  readonly newest: number;
  readonly newestAt: number;
};

export type PictureStep = { readonly slot: PictureSlot; readonly packets: readonly RtpPacket[] };

export const emptyPicture: PictureSlot = { next: 0, at: -90_000, source: undefined };

/** A source whose clock has gone this far from ours, half a second, is put to now again. */
const DRIFT = 45_000;

/** Black is shown twice a second where there is nobody to see, and after 5 s of a source that says nothing: a still screen is sent once a second. */
const BLACK_EVERY = 45_000;
const QUIET = 450_000;

/** A packet of who is shown, `from` naming the source. Nothing is passed on of a new one until a key frame of it begins. */
export function showPicture(slot: PictureSlot, from: string, packet: RtpPacket, now: number): PictureStep {
  const known = slot.source?.id === from ? slot.source : undefined;
  if (known === undefined)
    return beginsKeyFrame(packet.payload) ? begin(slot, from, packet, now) : none(slot);
  const sequence = known.first + (sequenceAhead(packet.sequence, known.newest) + known.newestAt);
  const position = known.position + timestampAhead(packet.timestamp, known.timestamp);
  if (sequence < known.first) return none(slot);
  if (Math.abs(position - now) > DRIFT)
    // Between two frames it may be put elsewhere, within one it may not.
    return beginsKeyFrame(packet.payload)
      ? begin(slot, from, packet, now)
      : none({ ...slot, source: undefined });
  const isNewer = sequence >= slot.next;
  const source = isNewer ? { ...known, newest: packet.sequence, newestAt: sequence - known.first } : known;
  return {
    slot: { next: Math.max(slot.next, sequence + 1), at: Math.max(slot.at, position), source },
    packets: [{ ...packet, sequence, timestamp: position }],
  };
}

/** Black, where there has been nothing to see until `now`. `hasSource`: somebody is to be shown, who may be still. */
export function fillPicture(slot: PictureSlot, now: number, hasSource: boolean): PictureStep {
  if (now - slot.at < (hasSource && slot.source !== undefined ? QUIET : BLACK_EVERY)) return none(slot);
  const packet = { sequence: slot.next, timestamp: now, marker: true, payload: BLACK };
  return { slot: { next: slot.next + 1, at: now, source: undefined }, packets: [packet] };
}

/** The slot for a decoder that knows nothing of what was sent: it goes on with a key frame. */
export const again = (slot: PictureSlot): PictureSlot => ({ ...slot, source: undefined });

function begin(slot: PictureSlot, from: string, packet: RtpPacket, now: number): PictureStep {
  const { sequence, timestamp } = packet;
  const position = Math.max(now, slot.at + 1);
  const first = slot.next;
  return {
    slot: {
      next: first + 1,
      at: position,
      source: { id: from, timestamp, position, first, newest: sequence, newestAt: 0 },
    },
    packets: [{ ...packet, sequence: first, timestamp: position }],
  };
}

const none = (slot: PictureSlot): PictureStep => ({ slot, packets: [] });
