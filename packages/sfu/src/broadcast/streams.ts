import { OPUS, VOICES, VP8 } from './ffmpeg-arguments.js';
import { again, emptyPicture, fillPicture, type PictureSlot, showPicture } from './picture-slot.js';
import { type RtpPacket, writeRtp, writeSenderReport } from './rtp-packet.js';
import { emptyVoice, fillVoice, hearVoice, type VoiceSlot } from './voice-slot.js';

/** The streams of one broadcast, for as long as it goes on: each one SSRC, sequence and time, whoever is in them. */
export type Streams = {
  voice(slot: number, from: string, packet: RtpPacket): void;
  picture(from: string, packet: RtpPacket): void;
  /** Whether this source is in the picture now. */
  shows(from: string): boolean;
  /** Whether somebody is to be in the picture. */
  setShown(isShown: boolean): void;
  /** Whoever decodes knows nothing of what was sent: the picture goes on with a key frame. */
  again(): void;
  close(): void;
};

export type StreamsOptions = {
  /** By their order: the voices, then the picture. */
  readonly send: (stream: number, packet: Buffer) => void;
  readonly sendReport: (stream: number, report: Buffer) => void;
};

const FILL_MS = 20;
const REPORT_MS = 2_000;

const PICTURE = VOICES;
/** Ticks of a millisecond. */
const VOICE_CLOCK = 48;
const PICTURE_CLOCK = 90;

export function openStreams({ send, sendReport }: StreamsOptions): Streams {
  const startedAt = { wall: Date.now(), steady: performance.now() };
  const voices: VoiceSlot[] = Array.from({ length: VOICES }, () => emptyVoice);
  let picture: PictureSlot = emptyPicture;
  let isShown = false;

  const elapsed = (): number => performance.now() - startedAt.steady;
  const ssrcOf = (stream: number): number => 1_000 + stream;

  function setVoice(index: number, { slot, packets }: ReturnType<typeof hearVoice>): void {
    voices[index] = slot;
    for (const packet of packets) send(index, writeRtp(packet, OPUS, ssrcOf(index)));
  }

  function setPicture({ slot, packets }: ReturnType<typeof showPicture>): void {
    picture = slot;
    for (const packet of packets) send(PICTURE, writeRtp(packet, VP8, ssrcOf(PICTURE)));
  }

  function fill(): void {
    const now = elapsed();
    for (const [index, slot] of voices.entries())
      setVoice(index, fillVoice(slot, Math.floor(now * VOICE_CLOCK)));
    setPicture(fillPicture(picture, Math.floor(now * PICTURE_CLOCK), isShown));
  }

  function report(): void {
    const now = elapsed();
    for (let stream = 0; stream <= PICTURE; stream++) {
      const clock = stream === PICTURE ? PICTURE_CLOCK : VOICE_CLOCK;
      sendReport(stream, writeSenderReport(ssrcOf(stream), startedAt.wall + now, Math.floor(now * clock)));
    }
  }

  const filling = setInterval(fill, FILL_MS);
  const reporting = setInterval(report, REPORT_MS);

  return {
    voice: (index, from, packet) =>
      setVoice(
        index,
        hearVoice(voices[index] as VoiceSlot, from, packet, Math.floor(elapsed() * VOICE_CLOCK)),
      ),
    picture(from, packet) {
      setPicture(showPicture(picture, from, packet, Math.floor(elapsed() * PICTURE_CLOCK)));
    },
    shows: (from) => picture.source?.id === from,
    setShown(shown) {
      isShown = shown;
    },
    again() {
      picture = again(picture);
      report();
    },
    close() {
      clearInterval(filling);
      clearInterval(reporting);
    },
  };
}
