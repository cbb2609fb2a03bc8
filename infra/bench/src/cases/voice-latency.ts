import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../case.js';
import { openLatencies } from '../percentiles.js';
import { openOurRoom, openPool } from '../voice/plain-rooms.js';
import { openEar, openSink, openSpeaker } from '../voice/plain-rtp.js';

const PEOPLE = 50;
const SPEAKERS = 3;

/** What the node adds between a mouth and an ear: each packet through a room of fifty of whom three speak, and the same packet straight from one socket to another. */
export const voiceLatency: Case = {
  name: 'voice-latency',
  about: `ms a packet of opus takes through a room of ${PEOPLE} with ${SPEAKERS} speakers, against socket to socket`,
  async run({ quick, say }) {
    const seconds = quick ? 3 : 20;
    const pool = await openPool(1);
    const sink = await openSink();
    const worker = pool.pick();
    if (worker === undefined) throw new Error('a worker was asked for');
    const room = await openOurRoom(worker);
    const through = openLatencies();
    const straight = openLatencies();
    const [ear, reference] = [
      await openEar((ms) => through.add(ms)),
      await openEar((ms) => straight.add(ms)),
    ];
    const direct = openSpeaker(reference.port, 1);
    try {
      const speakers = [direct];
      for (let n = 0; n < SPEAKERS; n++) speakers.push(await room.speaker());
      await room.listen(ear.port);
      for (let n = SPEAKERS + 1; n < PEOPLE; n++) await room.listen(sink.port);
      say(`${seconds} s`);
      for (const speaker of speakers) {
        speaker.speak();
        // Not all in one moment: people do not speak in step.
        await sleep(7);
      }
      await sleep(seconds * 1_000);
      for (const speaker of speakers) speaker.close();
      const added = through.at(95) - straight.at(95);
      const expected = SPEAKERS * straight.count;
      return [
        {
          name: 'mouth to ear, added by the node, p95',
          unit: 'ms',
          ours: added,
          target: '<= 5 ms',
          met: added <= 5,
          note: `RTP not encrypted; through p50 ${through.at(50).toFixed(2)}, p95 ${through.at(95).toFixed(2)}, p99 ${through.at(99).toFixed(2)}; socket to socket p95 ${straight.at(95).toFixed(2)}; ${through.count} of ${expected} packets`,
        },
      ];
    } finally {
      room.close();
      ear.close();
      reference.close();
      sink.close();
      await pool.close();
    }
  },
};
