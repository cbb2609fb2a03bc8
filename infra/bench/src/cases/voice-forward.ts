import { setTimeout as sleep } from 'node:timers/promises';
import { type Case, paired } from '../case.js';
import { openBareRoom, openOurRoom, openPool, type PlainRoom } from '../voice/plain-rooms.js';
import { openSink, PACKETS_A_SECOND, type RtpSpeaker } from '../voice/plain-rtp.js';

const SHARE = 0.7;

/** One voice to many: how many listeners keep one worker busy at 70 % of a core, through a room of ours and without one. */
export const voiceForward: Case = {
  name: 'voice-forward',
  about: 'listeners of one opus speaker that one worker serves at 70 % of a core, against bare mediasoup',
  async run({ quick, say }) {
    // With so many a worker uses about half of a core here: the rest is extrapolated.
    const listeners = quick ? 300 : 1_700;
    const seconds = quick ? 3 : 10;
    const pool = await openPool(2);
    const sink = await openSink();
    const [first, second] = pool.workers;
    if (first === undefined || second === undefined) throw new Error('two workers were asked for');
    const ours = await openOurRoom(first);
    const bare = await openBareRoom(second);
    try {
      const sides = {
        ours: await fill(ours, listeners, sink.port),
        bare: await fill(bare, listeners, sink.port),
      };
      say(`${listeners} listeners each, ${seconds} s a round`);
      const result = await paired(
        quick ? 3 : 7,
        () => listenersAt(sides.ours, listeners, seconds),
        () => listenersAt(sides.bare, listeners, seconds),
      );
      return [
        {
          name: 'one speaker to listeners of one worker',
          unit: 'listeners',
          ...result,
          target: '>= 0.95',
          met: result.ratio >= 0.95,
          note: `${result.spread}; from the CPU at ${listeners} listeners, RTP not encrypted`,
        },
      ];
    } finally {
      ours.close();
      bare.close();
      sink.close();
      await pool.close();
    }
  },
};

type Side = { readonly room: PlainRoom; readonly speaker: RtpSpeaker };

async function fill(room: PlainRoom, listeners: number, port: number): Promise<Side> {
  const speaker = await room.speaker();
  for (let n = 0; n < listeners; n++) await room.listen(port);
  return { room, speaker };
}

/** Listeners at which the worker would use 70 % of a core, by what each packet to each of `listeners` costs it now. */
async function listenersAt({ room, speaker }: Side, listeners: number, seconds: number): Promise<number> {
  speaker.speak();
  await sleep(500);
  const [before, sentBefore] = [await usedBy(room), speaker.sent];
  await sleep(seconds * 1_000);
  const ms = (await usedBy(room)) - before;
  const perPacket = ms / ((speaker.sent - sentBefore) * listeners);
  speaker.pause();
  return (SHARE * 1_000) / (perPacket * PACKETS_A_SECOND);
}

/** CPU time of the room's worker, in ms. */
async function usedBy({ worker }: PlainRoom): Promise<number> {
  const { ru_utime, ru_stime } = await worker.getResourceUsage();
  return ru_utime + ru_stime;
}
