import { type NodeMethod, voiceMethods } from '@parley/domain/wire/voice';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  openTestRooms,
  opusParameters,
  type TestRooms,
  testCall,
  ticketFor,
} from '../testing/open-test-rooms.js';

/** What a client may say that the codecs let pass, and is not what a browser sends. All of it reaches mediasoup. */
const payloadType = fc.oneof(fc.constantFrom(96, 97, 111), fc.integer({ min: 0, max: 127 }));
const ssrc = fc.oneof(fc.constantFrom(0, 1, 2, 0xffff_ffff), fc.integer({ min: 0, max: 0xffff_ffff }));
const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 32 }),
  fc.constantFrom('\u0000', '🦊'.repeat(8), '__proto__'),
);
const mimeType = fc.constantFrom(
  'audio/opus',
  'audio/OPUS',
  'audio/multiopus',
  'audio/PCMU',
  'audio/rtx',
  'audio/x',
  'video/VP8',
  'video/VP9',
  'video/H264',
  'video/AV1',
  'video/rtx',
  'video/red',
  'video/ulpfec',
  'video/x',
);
const parameterValue = fc.oneof(
  fc.string({ maxLength: 64 }),
  fc.constantFrom<string | number>(
    '42e01f',
    'ffffffff',
    '',
    -1,
    0,
    1,
    96,
    97,
    1.5,
    1e300,
    -1e300,
    2 ** 31,
    2 ** 53,
  ),
  fc.boolean(),
  fc.constant(null),
);
const parameterName = fc.oneof(
  fc.constantFrom(
    'apt',
    'profile-level-id',
    'profile-id',
    'packetization-mode',
    'usedtx',
    'useinbandfec',
    'channel_mapping',
    'num_streams',
  ),
  text,
);
const parameters = fc.dictionary(parameterName, parameterValue, { maxKeys: 8 });
const rtcpFeedback = fc.array(
  fc.record(
    { type: fc.oneof(fc.constantFrom('nack', 'ccm', 'goog-remb', 'transport-cc'), text), parameter: text },
    { requiredKeys: ['type'] },
  ),
  { maxLength: 6 },
);
const clockRate = fc.constantFrom(1, 8_000, 48_000, 90_000, 1_000_000);
const channels = fc.integer({ min: 1, max: 8 });
const uri = fc.oneof(
  fc.constantFrom(
    'urn:ietf:params:rtp-hdrext:sdes:mid',
    'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
    'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
    'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
    'urn:3gpp:video-orientation',
    'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  ),
  text,
);
const scalabilityMode = fc.constantFrom('L1T1', 'L1T3', 'L3T3_KEY', 'S3T3h', 'L99T99', 'S1T1_KEY_SHIFT');
const encoding = fc.record(
  {
    ssrc,
    rid: fc.constantFrom('a', 'b', 'r0', '-_'),
    codecPayloadType: payloadType,
    rtx: fc.record({ ssrc }),
    dtx: fc.boolean(),
    scalabilityMode,
    scaleResolutionDownBy: fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -1)),
    maxBitrate: fc.integer({ min: 0, max: 100_000_000 }),
  },
  { requiredKeys: [] },
);
const rtpParameters = fc.record(
  {
    mid: fc.oneof(fc.constantFrom('0', '1'), text),
    codecs: fc.array(
      fc.record(
        { mimeType, payloadType, clockRate, channels, parameters, rtcpFeedback },
        { requiredKeys: ['mimeType', 'payloadType', 'clockRate'] },
      ),
      { minLength: 1, maxLength: 4 },
    ),
    headerExtensions: fc.array(
      fc.record(
        { uri, id: fc.integer({ min: 1, max: 255 }), encrypt: fc.boolean(), parameters },
        { requiredKeys: ['uri', 'id'] },
      ),
      { maxLength: 6 },
    ),
    encodings: fc.array(encoding, { maxLength: 8 }),
    rtcp: fc.record({ cname: text, reducedSize: fc.boolean() }, { requiredKeys: [] }),
    msid: text,
  },
  { requiredKeys: ['codecs'] },
);
const broken = fc.oneof(
  rtpParameters,
  // Nearly right: one that a browser sends, with one part of it exchanged.
  fc
    .tuple(rtpParameters, fc.constantFrom('mid', 'headerExtensions', 'encodings', 'rtcp', 'msid'))
    .map(([odd, part]) => ({
      ...opusParameters(7),
      [part]: odd[part as 'mid'],
    })),
);
const kind = fc.constantFrom('audio', 'video');
const produce = fc.record({
  kind,
  source: fc.constantFrom('mic', 'camera', 'screen', 'screenAudio'),
  rtpParameters: broken,
  paused: fc.boolean(),
});
const capabilities = fc.record(
  {
    codecs: fc.array(
      fc.record(
        { kind, mimeType, clockRate, preferredPayloadType: payloadType, channels, parameters, rtcpFeedback },
        { requiredKeys: ['kind', 'mimeType', 'clockRate'] },
      ),
      { maxLength: 8 },
    ),
    headerExtensions: fc.array(fc.record({ kind, uri, preferredId: fc.integer({ min: 1, max: 255 }) }), {
      maxLength: 8,
    }),
  },
  { requiredKeys: [] },
);
const fingerprint = fc.record({
  algorithm: fc.constantFrom('sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'),
  value: fc.integer({ min: 8, max: 64 }).map((bytes) => Array(bytes).fill('0a').join(':')),
});
const dtlsParameters = fc.record(
  {
    fingerprints: fc.array(fingerprint, { minLength: 1, maxLength: 8 }),
    role: fc.constantFrom('auto', 'client', 'server'),
  },
  { requiredKeys: ['fingerprints'] },
);

let test: TestRooms;
beforeAll(async () => {
  // What is dared here is more than anybody may in the time.
  test = await openTestRooms({ portMin: 44_000, limits: { changes: 1_000_000 } });
  test.rooms.open(testCall);
});
afterAll(() => test.close());

const hostile = ticketFor(11);
const innocent = ticketFor(12);

/** Asks where the codec lets it pass; whatever is answered is an answer or a refusal that a client can act on. */
async function dare(method: NodeMethod, params: Readonly<Record<string, unknown>>): Promise<boolean> {
  const { conversationId, call } = testCall;
  const whole = JSON.parse(JSON.stringify({ conversationId, call, ticket: 't', ...params }));
  if (E.isLeft(voiceMethods[method].params.decode(whole))) return false;
  const answered = await test.ask(hostile, method, params);
  if (E.isLeft(answered))
    expect(['MediaNotSupported', 'MediaNotFound', 'TooMuchMedia']).toContain(answered.left.tag);
  return true;
}

/** Somebody else in the same room, on the same worker, still talks and is told. */
async function othersTalk(pid: number): Promise<void> {
  expect(test.pool.workers.map(({ worker }) => worker.pid)).toEqual([pid]);
  const { rtpCapabilities } = await test.must(innocent, 'voice.attach', {});
  const { transport } = await test.must(innocent, 'voice.openTransport', { direction: 'send' });
  const rtpParameters = opusParameters(1);
  await test.must(innocent, 'voice.produce', { transport, kind: 'audio', source: 'mic', rtpParameters });
  const recv = await test.must(innocent, 'voice.openTransport', { direction: 'recv' });
  await test.must(innocent, 'voice.receive', { transport: recv.transport, rtpCapabilities });
}

it('survives whatever a participant says of its media', async () => {
  const pid = test.pool.workers[0]?.worker.pid as number;
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(produce, capabilities, dtlsParameters, async (track, rtpCapabilities, dtls) => {
      await test.must(hostile, 'voice.attach', {});
      const send = (await test.must(hostile, 'voice.openTransport', { direction: 'send' })).transport;
      const recv = (await test.must(hostile, 'voice.openTransport', { direction: 'recv' })).transport;
      passed += Number(await dare('voice.produce', { transport: send, ...track }));
      passed += Number(await dare('voice.produce', { transport: send, ...track, source: 'screen' }));
      passed += Number(await dare('voice.receive', { transport: recv, rtpCapabilities }));
      passed += Number(await dare('voice.connectTransport', { transport: recv, dtlsParameters: dtls }));
      passed += Number(await dare('voice.connectTransport', { transport: recv, dtlsParameters: dtls }));
      await othersTalk(pid);
    }),
    { numRuns: 300 },
  );
  expect(passed).toBeGreaterThan(300);
});

it('survives a flood of requests by one participant, and others are served', async () => {
  await test.must(hostile, 'voice.attach', {});
  const flood = Array.from({ length: 2_000 }, (_, n) =>
    n % 2 === 0
      ? test.ask(hostile, 'voice.attach', {})
      : test.ask(hostile, 'voice.openTransport', { direction: 'send' }),
  );
  await othersTalk(test.pool.workers[0]?.worker.pid as number);
  const answers = await Promise.all(flood);
  const refused = answers.filter((each) => E.isLeft(each) && each.left.tag === 'TooManyRequests');
  expect(refused.length).toBeGreaterThan(1_800);
  await test.must(hostile, 'voice.attach', {});
});
