import type { VideoCodec } from '@parley/client/voice/call-types';
import type { ServiceProcess } from '@parley/infra/testing/service-process';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';

let stage: CallStage;
beforeAll(async () => {
  stage = await openCallStage(2, { VOICE_P2P_MAX: '0', PARLEY_VOICE_WORKERS: '1' });
});
afterEach(() => stage?.clear());
afterAll(() => stage?.close());

/** Two who film, in a call by a node. */
async function twoInCall(videoCodec?: VideoCodec): Promise<readonly [CallPerson, CallPerson]> {
  const id = await stage.group('ann', 'bob');
  const people = [await stage.person('ann'), await stage.person('bob')] as const;
  const options = videoCodec === undefined ? {} : { videoCodec };
  const call = await people[0].start(id, true, options);
  await people[1].join(id, call, true, options);
  await hearAndSeeEachOther(people);
  return people;
}

const hearAndSeeEachOther = ([ann, bob]: readonly [CallPerson, CallPerson]): Promise<unknown> =>
  Promise.all([ann.hearsAndSees(['bob'], ['bob']), bob.hearsAndSees(['ann'], ['ann'])]);

describe('a call by a node', () => {
  it('is heard and seen again, without a hand, when the node is killed', async () => {
    const people = await twoInCall();
    const before = await waitFor(() => carrier().catch(() => undefined), {
      what: 'a node to tell of the call',
    });
    await before.end('SIGKILL');
    await waitFor(async () => (await carrier().catch(() => before)) !== before, {
      what: 'the call to be at another node',
      timeout: 30_000,
    });
    await hearAndSeeEachOther(people);
    for (const person of people) expect((await person.call()).phase).toBe('connected');
  });

  it.each(['VP8', 'VP9', 'H264'] as const)('is seen in %s', async (codec) => {
    const people = await twoInCall(codec);
    for (const person of people) expect(await person.videoCodecs()).toStrictEqual([`video/${codec}`]);
  });
});

/** The node that carries the one call there is, by what nodes tell their operators. */
async function carrier(): Promise<ServiceProcess> {
  for (const service of stage.system.services.get('sfu') ?? []) {
    const answer = await fetch(`${service.info.url}/metrics`).catch(() => undefined);
    if (/^voice_active_channels(\{.*\})? 1$/m.test((await answer?.text()) ?? '')) return service;
  }
  throw new Error('no node carries a call');
}
