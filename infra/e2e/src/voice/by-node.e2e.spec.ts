import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions } from '@parley/client/voice/call-types';
import { childrenOf } from '@parley/infra/testing/children-of';
import { figureOf } from '@parley/infra/testing/figure-of';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';
import { carrierOf, metricsOf } from './carrier.js';
import { fitsTiles } from './fits-tiles.js';
import { allHearAndSee, callOf } from './people-in-call.js';
import { sendsOpus } from './sends-opus.js';

let stage: CallStage;
beforeAll(async () => {
  stage = await openCallStage(2, { VOICE_P2P_MAX: '0', PARLEY_VOICE_WORKERS: '1' });
});
afterEach(() => stage?.clear());
afterAll(() => stage?.close());

/** Two who film, in a call by a node. */
async function twoInCall(options?: CallOptions): Promise<readonly CallPerson[]> {
  const { people } = await callOf(stage, 2, 2, options);
  await allHearAndSee(people);
  return people;
}

describe('a call by a node', () => {
  it('is heard and seen again at the same node when its media worker is killed', async () => {
    const people = await twoInCall();
    const tracks = () => Promise.all(people.map(async (each) => (await each.received())[0]?.tracks));
    const [node, before] = [await carrierOf(stage.system), await tracks()];
    const [worker = 0] = childrenOf(node.pid, 'mediasoup-worker');
    process.kill(worker, 'SIGKILL');
    // What the old ones still play does not count.
    await waitFor(async () => (await tracks()).every((each, n) => each !== before[n]), {
      what: 'tracks of another worker',
      timeout: 30_000,
    });
    await allHearAndSee(people);
    expect(await carrierOf(stage.system)).toBe(node);
    expect(childrenOf(node.pid, 'mediasoup-worker')).not.toContain(worker);
    // The next one looks for the node of the one call there is.
    await Promise.all(people.map((each) => each.leave()));
  });

  it('is heard and seen again, without a hand, when the node is killed', async () => {
    const people = await twoInCall();
    const before = await carrierOf(stage.system);
    await before.end('SIGKILL');
    await carrierOf(stage.system, before);
    await allHearAndSee(people);
    for (const person of people) expect((await person.call()).phase).toBe('connected');
  });

  it('is listened to in a channel, and spoken in by who comes to lead it', async () => {
    const id = await stage.channel('ann', 'bob');
    await stage.setRole(id, 'ann', 'admin');
    const [ann, bob] = [await stage.person('ann'), await stage.person('bob')];
    await bob.join(id, await ann.start(id));
    await bob.hearsAndSees(['ann']);
    expect(await bob.call()).toMatchObject({ phase: 'connected', topology: 'sfu' });
    expect(await ann.received()).toMatchObject([{ user: 'bob', packets: 0 }]);
    await stage.setRole(id, 'bob', 'admin');
    await waitFor(
      async () => {
        await bob.setMic(false);
        await bob.setMic(true);
        return (await ann.received()).some(({ packets }) => packets > 0);
      },
      { what: 'bob to be heard' },
    );
    await stage.setRole(id, 'bob', 'member');
    await waitFor(() => isSilent(ann), { what: 'bob to be heard no more' });
    await stage.setRole(id, 'bob', 'admin');
    await ann.hearsAndSees(['bob']);
  });

  it('is heard of who talks while they hold a button, from the first time on', async () => {
    const id = await stage.group('ann', 'bob');
    const [ann, bob] = [await stage.person('ann'), await stage.person('bob')];
    const call = await ann.start(id, false, { pushToTalk: true });
    await bob.join(id, call);
    await ann.hearsAndSees(['bob']);
    await ann.talk();
    await bob.hearsAndSees(['ann']);
  });

  it('is spoken in with a voice that corrects losses, and that is hardly sent while its speaker is silent', () =>
    sendsOpus(stage));

  it('tells operators how far from the node who speaks is', async () => {
    await callOf(stage, 2, 0);
    const roundTrips = async () => {
      const told = await Promise.all((stage.system.services.get('sfu') ?? []).map(metricsOf));
      return told.some((metrics) => figureOf(metrics, 'voice_round_trip_ms_sum') > 0);
    };
    await waitFor(roundTrips, { what: 'a round trip' });
  });

  it('has of each picture what fits its tile, and of one that nobody looks at nothing is sent', () =>
    fitsTiles(stage, 'sfu', 320));

  it.each(['VP8', 'VP9', 'H264'] as const)('is seen in %s', async (codec) => {
    const people = await twoInCall({ videoCodec: codec });
    for (const person of people) expect(await person.videoCodecs()).toStrictEqual([`video/${codec}`]);
  });
});

/** Nobody else is heard any more: no packet has come for half a second. */
async function isSilent(person: CallPerson): Promise<boolean> {
  const packets = async () => (await person.received()).map((each) => each.packets);
  const before = await packets();
  await sleep(500);
  return JSON.stringify(await packets()) === JSON.stringify(before);
}
