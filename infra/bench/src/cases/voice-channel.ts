import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient } from '@parley/infra/testing/foreign-client';
import {
  enterRaw,
  joinRaw,
  PACKET_MS,
  PACKET_TICKS,
  type RawParticipant,
} from '@parley/infra/testing/media/raw-participant';
import { openVoiceLine } from '@parley/infra/testing/media/voice-line';
import { startSystem } from '@parley/infra/testing/system-processes';
import type { Case } from '../case.js';
import { openLatencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const PEOPLE = 50;
const SPEAKERS = 3;

/** Bytes of a packet of opus at 32 kbit/s. */
const PAYLOAD = 80;

/** Everybody may speak, three do: loss and latency from a speaker's send to each listener's socket, all in one process. */
export const voiceChannel: Case = {
  name: 'voice-channel',
  about: `${PEOPLE} people in one channel by its node, ${SPEAKERS} of them speak: loss, and latency from mouth to socket`,
  async run({ quick, say }) {
    const seconds = quick ? 5 : 60;
    return withStack(false, async (stack) => {
      const system = await startSystem(
        { natsUrl: stack.nats, databaseUrl: stack.database, redisUrl: stack.redis },
        [],
        undefined,
        { VOICE_P2P_MAX: '0', PARLEY_LIMIT_OPENS: '0' },
      );
      await system.add('sfu');
      const conversationId = 'bench-channel';
      const users = Array.from({ length: PEOPLE }, (_, index) => `u${index}`);
      const founder = await connectClient(system.ws);
      await founder.request('session.open', { token: await system.token('u0'), device: 'd1' });
      await founder.request('conversation.create', {
        commandId: 'c1',
        conversationId,
        kind: 'group',
        members: users.slice(1),
      });
      founder.socket.terminate();

      const latencies = openLatencies();
      const sentAt = new Map<string, number>();
      let heard = 0;
      const people: RawParticipant[] = [];
      let call: number | undefined;
      for (const user of users) {
        const line = await openVoiceLine(system.ws, await system.token(user));
        const place = await joinRaw(line, conversationId, call);
        call = place.call;
        people.push(
          await enterRaw(line, place, ({ timestamp }, from) => {
            // A node numbers packets anew for each listener; their times stay.
            const at = sentAt.get(`${from}/${timestamp}`);
            if (at === undefined) return;
            heard++;
            latencies.add(performance.now() - at);
          }),
        );
        if (people.length % 10 === 0) say(`${people.length} of ${PEOPLE} are in`);
      }
      await sleep(1_000);
      const speakers = people.slice(0, SPEAKERS);
      const packets = (seconds * 1_000) / PACKET_MS;
      const begin = performance.now();
      for (let sequence = 0; sequence < packets; sequence++) {
        for (const speaker of speakers) {
          const timestamp = sequence * PACKET_TICKS;
          sentAt.set(`${speaker.participant}/${timestamp}`, performance.now());
          speaker.speak({
            sequence,
            timestamp,
            payload: Buffer.alloc(PAYLOAD, sequence),
          });
        }
        await sleep(Math.max(0, begin + (sequence + 1) * PACKET_MS - performance.now()));
      }
      await sleep(500);
      const wanted = packets * SPEAKERS * (PEOPLE - 1);
      const loss = 1 - heard / wanted;
      await Promise.all(people.map((person) => person.close()));
      await system.stop();
      return [
        {
          name: `loss, ${PEOPLE} people, ${SPEAKERS} speak`,
          unit: '%',
          ours: loss * 100,
          target: '< 0.1 %',
          met: loss < 0.001,
          note: `${heard.toLocaleString('en')} of ${wanted.toLocaleString('en')} packets in ${seconds} s`,
        },
        {
          name: `latency from mouth to socket, ${PEOPLE} people, p95`,
          unit: 'ms',
          ours: latencies.at(95),
          target: '< 150 ms',
          met: latencies.at(95) < 150,
          note: `p50 ${latencies.at(50).toFixed(2)}, p99 ${latencies.at(99).toFixed(2)} ms; speakers and listeners are in one process beside the node's`,
        },
      ];
    });
  },
};
