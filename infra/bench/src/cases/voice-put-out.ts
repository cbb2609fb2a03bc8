import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { stayInCall } from '@parley/infra/testing/media/lasting-participant';
import { joinRaw, PACKET_MS } from '@parley/infra/testing/media/raw-participant';
import { speakOn } from '@parley/infra/testing/media/speech';
import { openVoiceLine, type VoiceLine } from '@parley/infra/testing/media/voice-line';
import type { SystemProcesses } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { type Case, type Figure, median } from '../case.js';
import { groupOf, withNodes } from '../voice/with-nodes.js';

const conversationId = 'bench-put-out';

/** Milliseconds within which who is banned or removed must be out of the call. */
const TARGET = 1_000;

/** Milliseconds after which nothing that a participant sent is still under way. */
const QUIET_MS = 10 * PACKET_MS;

/** How soon somebody who speaks is out of a call, at another gateway than who puts them out. */
export const voicePutOut: Case = {
  name: 'voice-put-out',
  about:
    'somebody who speaks is banned or removed: until they are told, and until nobody hears them any more',
  async run({ quick, say }) {
    const users = Array.from({ length: quick ? 4 : 60 }, (_, n) => `speaker${n}`);
    return withNodes(1, { PARLEY_VOICE_WORKERS: '1' }, say, async (system) => {
      const other = (await system.add('gateway')).info.ws as string;
      await groupOf(system, conversationId, ['owner', ...users]);
      const owner = await openOwner(system);
      const rounds: Round[] = [];
      for (const [n, user] of users.entries()) {
        rounds.push(await putOut(owner, system, other, user, n % 2 === 0));
        if (rounds.length % 20 === 0) say(`${rounds.length} of ${users.length} are out`);
      }
      await owner.close();
      return [
        figure('told that they are out', rounds, ({ told }) => told),
        figure('heard for the last time', rounds, ({ silent }) => silent),
      ];
    });
  },
};

/** Milliseconds from the command; `delivered`: until a message by the same way was there, just before. */
type Round = { readonly delivered: number; readonly told: number; readonly silent: number };

function figure(name: string, rounds: readonly Round[], of: (round: Round) => number): Figure {
  const times = rounds.map(of);
  const [ours, ceiling] = [Math.max(...times), Math.max(...rounds.map(({ delivered }) => delivered))];
  return {
    name: `banned or removed until ${name}, the longest of ${rounds.length}`,
    unit: 'ms',
    ours,
    ceiling,
    ratio: ours / ceiling,
    target: `${TARGET} ms at most`,
    met: ours < TARGET,
    note: `median ${median(times).toFixed(1)} against ${median(rounds.map(({ delivered }) => delivered)).toFixed(1)} ms of a message; a voice has a packet every ${PACKET_MS} ms`,
  };
}

type Owner = Awaited<ReturnType<typeof openOwner>>;

/** Who leads the group and hears everybody. */
async function openOwner(system: SystemProcesses) {
  const line = await openVoiceLine(system.ws, await system.token('owner'));
  const place = await joinRaw(line, conversationId);
  const heardAt = new Map<number, number>();
  const staying = await stayInCall(line, place, (_, from) => void heardAt.set(from, performance.now()));
  return {
    line,
    call: place.call,
    heardAt,
    async close() {
      await staying.close();
      line.close();
    },
  };
}

async function putOut(
  owner: Owner,
  system: SystemProcesses,
  gateway: string,
  user: string,
  isBan: boolean,
): Promise<Round> {
  const line = await openVoiceLine(gateway, await system.token(user));
  const { participant, ...place } = await joinRaw(line, conversationId, owner.call);
  const staying = await stayInCall(line, { ...place, participant });
  const fallSilent = speakOn(Buffer.alloc(80, 1), staying.speak);
  await waitFor(() => owner.heardAt.has(participant), { what: `${user} to be heard` });

  const base = () => ({ conversationId, commandId: randomUUID() });
  const body = { kind: 'text', text: 'you are too loud' };
  const delivered = await timed(line, 'event', () => owner.line.ask('message.send', { ...base(), body }));
  const begin = performance.now();
  const told = await timed(line, 'voice.closed', () =>
    isBan
      ? owner.line.ask('member.ban', { ...base(), user })
      : owner.line.ask('member.remove', { ...base(), users: [user] }),
  );
  const heardAt = () => owner.heardAt.get(participant) ?? begin;
  await waitFor(() => performance.now() - Math.max(begin, heardAt()) > QUIET_MS, { what: 'silence' });
  fallSilent();
  const silent = Math.max(0, heardAt() - begin);
  await staying.close();
  line.close();
  await sleep(PACKET_MS);
  return { delivered, told, silent };
}

/** Milliseconds until this is said on a line. */
async function timed(line: VoiceLine, notice: string, begin: () => Promise<unknown>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const stopListening = line.onNotice((method) => {
    if (method === notice) resolve(performance.now());
  });
  const startedAt = performance.now();
  const begun = begin();
  const took = (await promise) - startedAt;
  stopListening();
  await begun;
  return took;
}
