import { randomUUID } from 'node:crypto';
import { askApi } from '@parley/infra/testing/ask-api';
import { joinRaw, type RawParticipant } from '@parley/infra/testing/media/raw-participant';
import { openVoiceLine, RefusedError, type VoiceLine } from '@parley/infra/testing/media/voice-line';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TalkingParticipant, talkOn } from './talker.js';

let environment: TestEnvironment;
let system: SystemProcesses;
let ann: TalkingParticipant;
let hers: VoiceLine;
let dan: VoiceLine;
beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment, [], undefined, { PARLEY_VOICE_WORKERS: '1' });
  for (let node = 0; node < 2; node++) await system.add('sfu');
  hers = await openVoiceLine(system.ws, await system.token('ann'));
  dan = await openVoiceLine(system.ws, await system.token('dan'));
});
afterAll(async () => {
  await ann?.close();
  for (const line of [hers, dan]) line?.close();
  await system?.stop();
  await environment?.dispose();
});

const gateway = (): string => system.ws.replace(/^ws(.*)\/v1\/ws$/, 'http$1');

/** The names of the segments of the lowest quality, as a viewer finds them from the address they were given. */
async function segments(url: string): Promise<readonly string[]> {
  const master = await fetch(`${gateway()}${url}`);
  if (!master.ok) return [];
  const qualities = lines(await master.text());
  expect(qualities).toHaveLength(3);
  const lowest = new URL(qualities.at(-1) as string, `${gateway()}${url}`).href;
  const playlist = await fetch(lowest);
  return playlist.ok ? lines(await playlist.text()).map((name) => new URL(name, lowest).href) : [];
}

const lines = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

it('is watched by who is not in the call, goes on when its node dies, and ends when it is told to', async () => {
  const conversationId = randomUUID();
  await askApi(system, 'POST', '/v1/conversations', {
    body: { conversationId, kind: 'group', members: ['dan'] },
  });
  const place = await joinRaw(hers, conversationId);
  const broadcast = (source: 'mix' | null) =>
    hers.ask('call.broadcast', { conversationId, commandId: randomUUID(), call: place.call, source });
  // Alone she would need no node; a broadcast does.
  await broadcast('mix');
  ann = await talkOn(hers, place);
  const { node } = ann.now() as RawParticipant;

  const watch = () => dan.ask<{ url: string }>('voice.watch', { conversationId, call: place.call });
  const { url } = await waitFor(() => watch().catch(() => undefined), {
    what: 'something to watch',
    timeout: 60_000,
  });
  const first = await waitFor(async () => (await segments(url)).at(-1), {
    what: 'a first segment',
    timeout: 60_000,
  });
  const shown = await fetch(first);
  expect(shown.headers.get('content-type')).toBe('video/mp2t');
  expect((await shown.arrayBuffer()).byteLength).toBeGreaterThan(1_000);

  await system.services
    .get('sfu')
    ?.find(({ info }) => info.node === node)
    ?.end('SIGKILL');
  const number = (name: string): number => Number(/(\d+)\.ts/.exec(name)?.[1]);
  const known = number(first);
  await waitFor(
    async () => ann.now()?.node !== node && (await segments(url)).some((name) => number(name) > known + 3),
    { what: 'segments of another node, at the same address', timeout: 90_000 },
  );

  await broadcast(null);
  await waitFor(async () => (await fetch(`${gateway()}${url}`)).status !== 200, {
    what: 'the broadcast to be over',
    timeout: 60_000,
  });
  await expect(watch()).rejects.toThrow(RefusedError);
});
