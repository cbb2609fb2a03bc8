import { type LastingParticipant, stayInCall } from '@parley/infra/testing/media/lasting-participant';
import type { CallPlace } from '@parley/infra/testing/media/raw-participant';
import { speakOn } from '@parley/infra/testing/media/speech';
import type { VoiceLine } from '@parley/infra/testing/media/voice-line';

export type TalkingParticipant = Omit<LastingParticipant, 'speak'> & {
  /** When something of another participant was heard last, in ms of `performance.now()`. */
  readonly heardAt: (from: number) => number | undefined;
  /** What of another participant was heard last: the time that its packet bears, as in {@link said}. */
  readonly heard: (from: number) => number | undefined;
  /** The time that its own last packet bears (RFC 3550, 5.1): whatever bears a later one is said after this. */
  readonly said: () => number;
};

/** 20 ms of nothing, as opus has it (RFC 6716, 3.1: one frame of CELT, and nothing in it). */
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

/** A device that speaks all the time and stays in its call. */
export async function talkOn(line: VoiceLine, place: CallPlace): Promise<TalkingParticipant> {
  const ears = new Map<number, { readonly at: number; readonly timestamp: number }>();
  const { speak, close, ...staying } = await stayInCall(line, place, ({ timestamp }, from) => {
    ears.set(from, { at: performance.now(), timestamp });
  });
  let said = 0;
  const fallSilent = speakOn(SILENCE, (packet) => {
    said = packet.timestamp;
    speak(packet);
  });
  return {
    ...staying,
    heardAt: (from) => ears.get(from)?.at,
    heard: (from) => ears.get(from)?.timestamp,
    said: () => said,
    close() {
      fallSilent();
      return close();
    },
  };
}
