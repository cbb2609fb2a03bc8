import { type LastingParticipant, stayInCall } from '@parley/infra/testing/media/lasting-participant';
import type { CallPlace } from '@parley/infra/testing/media/raw-participant';
import { speakOn } from '@parley/infra/testing/media/speech';
import type { VoiceLine } from '@parley/infra/testing/media/voice-line';

export type TalkingParticipant = Omit<LastingParticipant, 'speak'> & {
  /** When something of another participant was heard last, in ms of `performance.now()`. */
  readonly heardAt: (from: number) => number | undefined;
};

/** 20 ms of nothing, as opus has it (RFC 6716, 3.1: one frame of CELT, and nothing in it). */
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

/** A device that speaks all the time and stays in its call. */
export async function talkOn(line: VoiceLine, place: CallPlace): Promise<TalkingParticipant> {
  const ears = new Map<number, number>();
  const { speak, close, ...staying } = await stayInCall(line, place, (_, from) => {
    ears.set(from, performance.now());
  });
  const fallSilent = speakOn(SILENCE, speak);
  return {
    ...staying,
    heardAt: (from) => ears.get(from),
    close() {
      fallSilent();
      return close();
    },
  };
}
