import { refuse } from '@parley/domain/conversation/refusals';
import type { OngoingCall } from '@parley/domain/wire/calls';
import { MAX_TRANSPORTS, type VoiceResult } from '@parley/domain/wire/voice';
import { figureOf } from '@parley/infra/testing/figure-of';
import {
  type HeardPacket,
  openRawTransport,
  type RemoteTransport,
} from '@parley/infra/testing/media/raw-transport';
import { speakOn } from '@parley/infra/testing/media/speech';
import { waitFor } from '@parley/infra/testing/wait-for';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  openTestRooms,
  opusParameters,
  type TestRooms,
  testCall,
  ticketFor,
  vp8Parameters,
} from '../testing/open-test-rooms.js';

let test: TestRooms;

const ann = ticketFor(11);
const bob = ticketFor(12);

beforeEach(async () => {
  test = await openTestRooms({ workers: 2 });
  test.rooms.open(testCall);
});
afterEach(() => test.close());

const roster = (participants: readonly number[], muted: readonly string[] = [], revision = 50) => ({
  revision,
  leads: [],
  call: {
    call: testCall.call,
    participants: participants.map((participant) => ({
      participant,
      user: `user${participant}`,
      device: 'web',
      at: 0,
    })),
    muted,
  } satisfies Pick<OngoingCall, 'call' | 'participants' | 'muted'>,
});

/** Attaches with a transport to send over and one to receive over. */
async function join(ticket = ann) {
  const { rtpCapabilities } = await test.must(ticket, 'voice.attach', {});
  const send = await test.must(ticket, 'voice.openTransport', { direction: 'send' });
  const recv = await test.must(ticket, 'voice.openTransport', { direction: 'recv' });
  return { rtpCapabilities, send: send.transport, recv: recv.transport, opened: { send, recv } };
}

const connect = (
  ticket: typeof ann,
  opened: VoiceResult<'voice.openTransport'>,
  heard?: (packet: HeardPacket) => void,
) =>
  openRawTransport(
    opened as unknown as RemoteTransport,
    async (dtlsParameters) => {
      const { transport } = opened;
      await test.must(ticket, 'voice.connectTransport', { transport, dtlsParameters });
    },
    heard,
  );

const speak = (ticket: typeof ann, transport: string, ssrc = ticket.participant * 100) =>
  test.must(ticket, 'voice.produce', {
    transport,
    kind: 'audio',
    source: 'mic',
    rtpParameters: opusParameters(ssrc),
  });

const film = (ticket: typeof ann, transport: string) =>
  test.must(ticket, 'voice.produce', {
    transport,
    kind: 'video',
    source: 'camera',
    rtpParameters: vp8Parameters(['q', 'h', 'f'], 'camera'),
  });

const receive = (
  ticket: typeof ann,
  { recv: transport, rtpCapabilities }: Awaited<ReturnType<typeof join>>,
) => test.must(ticket, 'voice.receive', { transport, rtpCapabilities });

describe('a room', () => {
  it('brings what one sends to whoever receives, what is there by the answer and what comes by notice', async () => {
    const a = await join(ann);
    const { producer } = await speak(ann, a.send);
    const b = await join(bob);
    const { consumers } = await receive(bob, b);
    expect(consumers).toMatchObject([
      { producer, participant: 11, kind: 'audio', source: 'mic', producerPaused: false },
    ]);
    const { producer: camera } = await film(ann, a.send);
    const { fence, consumer } = await test.told(12, 'voice.consumer');
    expect(fence).toBe(testCall.fence);
    expect(consumer).toMatchObject({ producer: camera, kind: 'video', source: 'camera' });
    expect((await receive(bob, b)).consumers).toHaveLength(2);
    expect(test.rooms.list()).toMatchObject([{ ...room, participants: 2, producers: 2, consumers: 2 }]);

    await test.must(ann, 'voice.setProducer', { producer: camera, paused: true });
    expect(await test.told(12, 'voice.consumerPaused')).toMatchObject({ paused: true });
    await test.must(ann, 'voice.setProducer', { producer: camera, closed: true });
    expect(await test.told(12, 'voice.consumerClosed')).toMatchObject({
      consumer: (consumer as { consumer: string }).consumer,
    });
    expect((await receive(bob, b)).consumers).toHaveLength(1);
  });

  it('sends video when it is shown, in layers of its size', async () => {
    const a = await join(ann);
    const { producer } = await film(ann, a.send);
    const b = await join(bob);
    const { consumers } = await receive(bob, b);
    const consumer = consumers[0]?.consumer as string;
    expect(await test.told(11, 'voice.wanted')).toMatchObject({ producer, wanted: false });
    test.notices.length = 0;
    await test.must(bob, 'voice.setConsumer', { consumer, paused: false, width: 320, height: 180 });
    expect(await test.told(11, 'voice.wanted')).toMatchObject({ producer, wanted: true });
    const media = await test.rooms.media(testCall.conversationId);
    const dump = await media?.router.dump();
    expect(dump?.mapConsumerIdProducerId).toContainEqual({ key: consumer, value: producer });
    for (const each of [{ priority: 7 }, { keyFrame: true }, { paused: true }, { width: 0, height: 0 }])
      await test.must(bob, 'voice.setConsumer', { consumer, ...each });
  });

  it('knows of no media of another', async () => {
    const a = await join(ann);
    const { producer } = await speak(ann, a.send);
    const b = await join(bob);
    const { consumers } = await receive(bob, b);
    const foreign = [
      ['voice.setProducer', { producer, paused: true }],
      ['voice.connectTransport', { transport: a.send, dtlsParameters }],
      ['voice.restartIce', { transport: a.send }],
      ['voice.receive', { transport: a.recv, rtpCapabilities: b.rtpCapabilities }],
      // One's own, for the other direction.
      ['voice.receive', { transport: b.send, rtpCapabilities: b.rtpCapabilities }],
      [
        'voice.produce',
        { transport: b.recv, kind: 'audio', source: 'mic', rtpParameters: opusParameters(5) },
      ],
    ] as const;
    for (const [method, params] of foreign)
      expect(await test.ask(bob, method, params), method).toEqual(E.left(refuse('MediaNotFound')));
    const { iceParameters } = await test.must(bob, 'voice.restartIce', { transport: b.send });
    expect(iceParameters.usernameFragment).not.toBe(b.opened.send.iceParameters.usernameFragment);
    const consumer = consumers[0]?.consumer as string;
    expect(await test.ask(ann, 'voice.setConsumer', { consumer, paused: true })).toEqual(
      E.left(refuse('MediaNotFound')),
    );
  });

  it('knows of nothing of another call, also to the same device', async () => {
    const { rtpCapabilities } = await join(ann);
    const other = { ...testCall, conversationId: 'c-other', call: 20 };
    test.rooms.open(other);
    const there = ticketFor(11, other);
    const elsewhere = await join(there);
    const { producer } = await speak(there, elsewhere.send);
    const rtpParameters = opusParameters(5);
    const foreign = [
      ['voice.produce', { transport: elsewhere.send, kind: 'audio', source: 'mic', rtpParameters }],
      ['voice.receive', { transport: elsewhere.recv, rtpCapabilities }],
      ['voice.connectTransport', { transport: elsewhere.send, dtlsParameters }],
      ['voice.restartIce', { transport: elsewhere.send }],
      ['voice.setProducer', { producer, closed: true }],
    ] as const;
    for (const [method, params] of foreign)
      expect(await test.ask(ann, method, params), method).toEqual(E.left(refuse('MediaNotFound')));
  });

  it('bounds what one may have', async () => {
    await join(ann);
    for (let open = 2; open < MAX_TRANSPORTS; open++)
      await test.must(ann, 'voice.openTransport', { direction: 'send' });
    const asked = Array.from({ length: 100 }, () =>
      test.ask(ann, 'voice.openTransport', { direction: 'send' }),
    );
    const tags = (await Promise.all(asked)).map((each) => E.isLeft(each) && each.left.tag);
    expect(new Set(tags)).toEqual(new Set(['TooMuchMedia', 'TooManyRequests']));
    expect(
      (await (await test.rooms.media(testCall.conversationId))?.router.dump())?.transportIds,
    ).toHaveLength(MAX_TRANSPORTS);
  });

  it('replaces a track by a second one of its source, also of the same stream', async () => {
    const a = await join(ann);
    const first = await speak(ann, a.send, 1);
    const second = await speak(ann, a.send, 2);
    const third = await speak(ann, a.send, 2);
    expect(new Set([first, second, third].map(({ producer }) => producer)).size).toBe(3);
    expect(test.rooms.list()).toMatchObject([{ producers: 1 }]);
  });

  it('lets nobody send who only listens, nor what is not what it says', async () => {
    const carl = ticketFor(13, { speaks: false });
    const c = await join(carl);
    const a = await join(ann);
    const mic = { transport: c.send, kind: 'audio', source: 'mic', rtpParameters: opusParameters(1) };
    expect(await test.ask(carl, 'voice.produce', mic)).toEqual(E.left(refuse('NotAllowed')));
    const mine = { ...mic, transport: a.send };
    for (const wrong of [
      { ...mine, source: 'camera' },
      { ...mine, kind: 'video', source: 'camera' },
      { ...mine, rtpParameters: { ...opusParameters(1), encodings: [{ ssrc: 1 }, { ssrc: 1 }] } },
      { ...mine, rtpParameters: { codecs: [{ mimeType: 'audio/none', payloadType: 1, clockRate: 1 }] } },
    ]) {
      const answered = await test.ask(ann, 'voice.produce', wrong);
      expect(E.isLeft(answered) && answered.left.tag).toBe('MediaNotSupported');
    }
    await test.must(ann, 'voice.produce', mine);
  });

  it('takes no parameters that a thousand would have to be told at length', async () => {
    const a = await join(ann);
    const [codec] = opusParameters(1).codecs;
    const long = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`p${n}`, 'x'.repeat(256)]));
    const tell = (parameters: object) =>
      test.ask(ann, 'voice.produce', {
        transport: a.send,
        kind: 'audio',
        source: 'mic',
        rtpParameters: { ...opusParameters(1), codecs: [{ ...codec, parameters }] },
      });
    const answered = await tell(long);
    expect(E.isLeft(answered) && answered.left.tag).toBe('MediaNotSupported');
    expect(E.isRight(await tell({ ...codec?.parameters, p0: long.p0 }))).toBe(true);
  });

  it('lets nobody make everybody hear of a change without end, and others are heard of', async () => {
    const a = await join(ann);
    const b = await join(bob);
    await receive(bob, b);
    const { producer } = await speak(ann, a.send);
    const refusals: unknown[] = [];
    for (let n = 0; n < 300; n++) {
      const answered = await test.ask(ann, 'voice.setProducer', { producer, paused: n % 2 === 0 });
      if (E.isLeft(answered)) refusals.push(answered.left);
    }
    expect(refusals.length).toBeGreaterThan(100);
    expect(refusals[0]).toEqual({ tag: 'RateLimited', retryAfterMs: expect.any(Number) });
    // Neither by beginning anew, nor by another device.
    for (const again of [ann, { ...ann, participant: 21, device: 'phone' }])
      expect(E.isLeft(await test.ask(again, 'voice.attach', {}))).toBe(true);
    await speak(bob, b.send);
  });

  it('silences whom a moderator has muted, until they are unmuted', async () => {
    const a = await join(ann);
    const { producer } = await speak(ann, a.send);
    const b = await join(bob);
    await receive(bob, b);
    test.rooms.setRoster(testCall.conversationId, roster([11, 12], ['user11']));
    expect(await test.told(12, 'voice.consumerPaused')).toMatchObject({ paused: true });
    expect(await test.ask(ann, 'voice.setProducer', { producer, paused: false })).toEqual(
      E.left(refuse('NotAllowed', 'a moderator has muted you')),
    );
    const again = await speak(ann, a.send, 77);
    const [track] = (await test.rooms.media(testCall.conversationId))?.tracks() ?? [];
    expect(track?.producer.id).toBe(again.producer);
    expect(track?.producer.paused).toBe(true);
    test.rooms.setRoster(testCall.conversationId, roster([11, 12], [], 51));
    await waitFor(() => track?.producer.paused === false, { what: 'the voice to be heard again' });
  });

  it('silences who leads the channel no more, whatever their ticket says, until they do again', async () => {
    const a = await join(ann);
    const { producer } = await speak(ann, a.send);
    const b = await join(bob);
    await receive(bob, b);
    const ofChannel = (revision: number, ...leads: readonly string[]) =>
      test.rooms.setRoster(testCall.conversationId, {
        ...roster([11, 12], [], revision),
        kind: 'channel',
        leads,
      });
    ofChannel(50, 'user12');
    expect(await test.told(12, 'voice.consumerPaused')).toMatchObject({ paused: true });
    const [track] = (await test.rooms.media(testCall.conversationId))?.tracks() ?? [];
    await waitFor(() => track?.producer.paused, { what: 'the voice to be silent' });
    await test.must(ann, 'voice.setProducer', { producer, paused: false });
    expect(track?.producer.paused).toBe(true);
    const anew = { transport: a.send, kind: 'video', source: 'camera' } as const;
    const camera = { ...anew, rtpParameters: vp8Parameters(['q', 'h', 'f'], 'camera') };
    expect(await test.ask(ann, 'voice.produce', camera)).toEqual(E.left(refuse('NotAllowed')));
    const listener = ticketFor(12, { speaks: false });
    await test.must(listener, 'voice.attach', {});
    const { transport } = await test.must(listener, 'voice.openTransport', { direction: 'send' });
    await speak(listener, transport);
    ofChannel(51, 'user11', 'user12');
    await waitFor(() => track?.producer.paused === false, { what: 'the voice to be heard again' });
  });

  it('puts out who is not in the call any more, and lets them not back in', async () => {
    const a = await join(ann);
    await speak(ann, a.send);
    const b = await join(bob);
    await receive(bob, b);
    test.rooms.setRoster(testCall.conversationId, roster([12]));
    await test.told(12, 'voice.consumerClosed');
    expect(await test.ask(ann, 'voice.attach', {})).toEqual(E.left(refuse('NotInCall')));
    expect(await test.ask(ann, 'voice.openTransport', { direction: 'send' })).toEqual(
      E.left(refuse('PlacementStale')),
    );
    expect(test.rooms.list()).toMatchObject([{ participants: 1, producers: 0, consumers: 0 }]);
    // The newer place of the same device.
    await join({ ...ann, participant: 60 });
  });

  it('is over when the call is, and serves no ticket of an older placement', async () => {
    await join(ann);
    test.rooms.open({ ...testCall, fence: 1_001 });
    expect(await test.ask(ann, 'voice.attach', {})).toEqual(E.left(refuse('PlacementStale')));
    await join({ ...ann, fence: 1_001 });
    test.rooms.open({ ...testCall, fence: 999 });
    expect(test.rooms.list()).toMatchObject([{ fence: 1_001 }]);
    // What was known before the call began says nothing about it.
    test.rooms.setRoster(testCall.conversationId, { revision: 9, leads: [] });
    expect(test.rooms.list()).toHaveLength(1);
    test.rooms.setRoster(testCall.conversationId, { revision: 70, leads: [] });
    expect(test.rooms.list()).toEqual([]);
    expect(await test.ask({ ...ann, fence: 1_001 }, 'voice.attach', {})).toEqual(
      E.left(refuse('PlacementStale')),
    );
  });

  it('begins anew on another worker when its own dies', async () => {
    const a = await join(ann);
    await speak(ann, a.send);
    const routers = await Promise.all(test.pool.workers.map(({ worker }) => worker.dump()));
    const victim = routers.find(({ routerIds }) => routerIds.length > 0)?.pid as number;
    process.kill(victim, 'SIGKILL');
    expect(await test.told(11, 'voice.moved')).toMatchObject({ call: testCall.call, why: 'worker' });
    expect(await test.ask(ann, 'voice.restartIce', { transport: a.send })).toEqual(
      E.left(refuse('PlacementStale')),
    );
    const again = await join(ann);
    expect(again.send).not.toBe(a.send);
    await speak(ann, again.send);
  });

  it('gives up in its time what nobody connects, also when the clock of the machine is set back', async () => {
    await test.close();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    test = await openTestRooms({ limits: { unconnectedMs: 1_000 } });
    test.rooms.open(testCall);
    const { send: transport } = await join();
    vi.setSystemTime(Date.now() - 3_600_000);
    const isGone = async () => E.isLeft(await test.ask(ann, 'voice.restartIce', { transport }));
    await waitFor(isGone, { what: 'the transport to be given up' }).finally(() => vi.useRealTimers());
  });

  it('forwards what is brought from elsewhere, and tells what comes and goes', async () => {
    const media = await test.rooms.media(testCall.conversationId);
    if (media === undefined) throw new Error('no media');
    const heard: string[] = [];
    media.onTrack((producer, change) => heard.push(`${producer} ${change}`));
    const b = await join(bob);
    await receive(bob, b);
    const elsewhere = await media.router.createDirectTransport();
    const producer = await elsewhere.produce({ kind: 'audio', rtpParameters: opusParameters(9) });
    media.bring({ participant: 11, user: 'user11', source: 'mic', producer });
    expect(await test.told(12, 'voice.consumer')).toMatchObject({
      consumer: { participant: 11, producer: producer.id },
    });
    media.setPaused(producer.id, true);
    expect(await test.told(12, 'voice.consumerPaused')).toMatchObject({ paused: true });
    expect(media.tracks()).toMatchObject([{ participant: 11, source: 'mic', paused: true, brought: true }]);
    producer.close();
    await test.told(12, 'voice.consumerClosed');
    const own = await speak(bob, b.send);
    expect(media.tracks()).toMatchObject([{ participant: 12, paused: false, brought: false }]);
    const { id } = producer;
    expect(heard).toEqual([`${id} there`, `${id} paused`, `${id} gone`, `${own.producer} there`]);
  });

  it('silences a track from elsewhere once, and lets it be heard once, however fast that changes', async () => {
    const media = await test.rooms.media(testCall.conversationId);
    if (media === undefined) throw new Error('no media');
    const b = await join(bob);
    await receive(bob, b);
    const elsewhere = await media.router.createDirectTransport();
    const producer = await elsewhere.produce({ kind: 'audio', rtpParameters: opusParameters(9) });
    media.bring({ participant: 11, user: 'user11', source: 'mic', producer });
    await test.told(12, 'voice.consumer');
    const before: unknown[] = [];
    producer.observer.on('pause', () => before.push('pause')).on('resume', () => before.push('resume'));
    test.rooms.setRoster(testCall.conversationId, roster([11, 12], ['user11'], 51));
    test.rooms.setRoster(testCall.conversationId, roster([11, 12], [], 52));
    await waitFor(() => before.length >= 2, { what: 'both to be done' });
    // What is asked of a worker is done in order: whatever follows from the two is done before this.
    for (let times = 0; times < 3; times++) await producer.getStats();
    expect(before).toEqual(['pause', 'resume']);
    expect(media.tracks()).toMatchObject([{ paused: false }]);
    const told = test.notices.filter(({ name }) => name === 'voice.consumerPaused');
    expect(told.map(({ value }) => value.paused)).toEqual([true, false]);
  });

  it('carries a voice, encrypted, from one to the other and to nobody who is gone', async () => {
    const a = await join(ann);
    const b = await join(bob);
    const heard: number[] = [];
    const [sending, receiving] = await Promise.all([
      connect(ann, a.opened.send),
      connect(bob, b.opened.recv, ({ sequence }) => heard.push(sequence)),
    ]);
    await speak(ann, a.send, 1_100);
    await receive(bob, b);
    let sequence = 0;
    const speaking = setInterval(
      () =>
        sending.send({
          ssrc: 1_100,
          sequence: sequence++,
          timestamp: sequence * 960,
          payloadType: 111,
          payload: Buffer.alloc(60, 1),
        }),
      20,
    );
    try {
      await waitFor(() => heard.length > 20, { what: 'the voice' });
      test.rooms.setRoster(testCall.conversationId, roster([11]));
      await waitFor(async () => test.rooms.list()[0]?.consumers === 0, {
        what: 'the listener to be put out',
      });
      // The worker does what it is asked in order: from here on it forwards nothing, and what it had forwarded is read.
      await (await test.rooms.media(testCall.conversationId))?.router.dump();
      const closedAt = sequence;
      await waitFor(() => sequence > closedAt + 2, { what: 'what was on its way' });
      const last = heard.length;
      const sent = sequence;
      await waitFor(() => sequence > sent + 20, { what: 'more to be said' });
      expect(heard.length).toBe(last);
      expect(await test.told(11, 'voice.wanted')).toMatchObject({ wanted: false });
    } finally {
      clearInterval(speaking);
      await Promise.all([sending.close(), receiving.close()]);
    }
  });

  it('tells who speaks, and when they stop', async () => {
    const media = await test.rooms.media(testCall.conversationId);
    const source = await media?.router.createDirectTransport();
    const producer = await source?.produce({ kind: 'audio', rtpParameters: opusParameters(9) });
    if (media === undefined || producer === undefined) throw new Error('no media');
    media.bring({ participant: 11, user: 'user11', source: 'mic', producer });
    let sequence = 0;
    const speaking = setInterval(() => producer.send(loudPacket(9, sequence++, 30)), 20);
    try {
      expect(await test.told(12, 'voice.speakers')).toMatchObject({
        speakers: [{ participant: 11, level: -30 }],
      });
    } finally {
      clearInterval(speaking);
    }
    await waitFor(() => test.notices.some(({ value }) => (value.speakers as [])?.length === 0), {
      what: 'silence',
    });
  });

  it('counts under the names that operators know', async () => {
    const a = await join(ann);
    await speak(ann, a.send);
    const metric = async (name: string) => {
      const found = await test.registry.getSingleMetric(name)?.get();
      return found?.values[0]?.value;
    };
    await waitFor(async () => (await metric('voice_producers')) === 1, { what: 'a look at what there is' });
    expect(await metric('voice_active_channels')).toBe(1);
    expect(await metric('voice_active_users')).toBe(1);
    expect(await metric('voice_transports')).toBe(2);
    expect(await metric('voice_joins_total')).toBe(1);
    test.rooms.setRoster(testCall.conversationId, roster([12]));
    expect(await test.registry.getSingleMetricAsString('voice_session_seconds')).toContain(
      'voice_session_seconds_count 1',
    );
  });

  it('counts what a voice weighs on its way, and how well it comes', async () => {
    const a = await join(ann);
    const b = await join(bob);
    const [sending, receiving] = await Promise.all([
      connect(ann, a.opened.send),
      connect(bob, b.opened.recv),
    ]);
    const { headerExtensions, ...parameters } = opusParameters(1_100);
    const numbered = [...(headerExtensions ?? []), { uri: TRANSPORT_WIDE_CC, id: 5 }];
    const rtpParameters = { ...parameters, headerExtensions: numbered };
    await test.must(ann, 'voice.produce', { transport: a.send, kind: 'audio', source: 'mic', rtpParameters });
    await film(ann, a.send);
    await receive(bob, b);
    const fallSilent = speakOn(Buffer.alloc(60, 1), (packet) =>
      sending.send({ ...packet, ssrc: 1_100, payloadType: 111 }),
    );
    const figure = async (name: string, label?: string) =>
      figureOf(await test.registry.metrics(), `voice_${name}`, label);
    try {
      for (const direction of ['in', 'out']) {
        const label = `direction="${direction}"`;
        // 50 packets a second of 60 bytes, and their headers.
        await waitFor(async () => (await figure('bitrate_bits_per_second', label)) > 50 * 60 * 8, {
          what: `the bits that go ${direction}`,
        });
        await waitFor(async () => (await figure('packet_loss_ratio_count', label)) > 0, {
          what: `what is lost on the way ${direction}`,
        });
      }
      await waitFor(async () => (await figure('jitter_ms_sum')) > 0, { what: 'jitter' });
      expect(await figure('consumers')).toBe(2);
    } finally {
      fallSilent();
      await Promise.all([sending.close(), receiving.close()]);
    }
  });
});

/** Packets are numbered by it for all of a transport, so that the other side can tell which are missing. */
const TRANSPORT_WIDE_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

const room = { conversationId: testCall.conversationId, call: testCall.call, fence: testCall.fence };

const dtlsParameters = {
  role: 'client',
  fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }],
};

/** An opus packet whose header says how loud it is (RFC 6464), `level` dB below the loudest. */
function loudPacket(ssrc: number, sequence: number, level: number): Buffer {
  const packet = Buffer.alloc(12 + 8 + 20);
  packet.writeUInt8(0x90, 0);
  packet.writeUInt8(111, 1);
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(sequence * 960, 4);
  packet.writeUInt32BE(ssrc, 8);
  packet.writeUInt16BE(0xbede, 12);
  packet.writeUInt16BE(1, 14);
  packet.writeUInt8(0x10, 16);
  packet.writeUInt8(0x80 | level, 17);
  return packet;
}
