import type { VoiceMethod } from '../wire/voice.js';
import { GARDEN, NOON } from './commands.js';
import type { Sample } from './samples.js';

const inCall = { conversationId: GARDEN, call: 7 };
const atNode = { ...inCall, ticket: 'a.b.c' };
const iceServers = [{ urls: ['turn:127.0.0.1:3478'], username: 'u', credential: 'c' }];
const dtlsParameters = {
  fingerprints: [{ algorithm: 'sha-256', value: '00:11:22:33:44:55:66:77' }],
  role: 'client',
};
const rtpParameters = {
  codecs: [
    {
      mimeType: 'audio/opus',
      payloadType: 111,
      clockRate: 48_000,
      channels: 2,
      parameters: { useinbandfec: 1, usedtx: 1 },
      rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
    },
  ],
  mid: '0',
  headerExtensions: [
    { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1, encrypt: false, parameters: { a: 1 } },
  ],
  encodings: [
    {
      ssrc: 1,
      rid: 'h',
      codecPayloadType: 111,
      rtx: { ssrc: 2 },
      dtx: true,
      active: true,
      scalabilityMode: 'L1T3',
      scaleResolutionDownBy: 2,
      maxBitrate: 1_000_000,
      maxFramerate: 30,
      adaptivePtime: false,
      priority: 'low',
      networkPriority: 'low',
    },
  ],
  rtcp: { cname: 'x', reducedSize: true, mux: true },
  msid: 'a b',
};
const rtpCapabilities = {
  codecs: [
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      clockRate: 48_000,
      preferredPayloadType: 100,
      channels: 2,
      parameters: { minptime: 10 },
      rtcpFeedback: [{ type: 'nack', parameter: '' }],
    },
  ],
  headerExtensions: [
    {
      kind: 'audio',
      uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
      preferredId: 10,
      preferredEncrypt: false,
      direction: 'recvonly',
    },
  ],
};

/** Params and result of every method of voice, each with every optional field, as JSON. */
export const voiceSamples: Readonly<Record<VoiceMethod, Sample>> = {
  'voice.enter': {
    params: { ...inCall, participant: 8 },
    result: {
      topology: 'sfu',
      iceServers,
      revision: 9,
      node: 'sfu-1',
      fence: 3,
      ticket: 'a.b.c',
      expiresAt: NOON,
    },
  },
  'voice.iceServers': { params: {}, result: { iceServers, expiresAt: NOON } },
  'voice.signal': {
    params: {
      ...inCall,
      to: 8,
      signal: {
        type: 'candidate',
        candidate: 'candidate:1',
        sdpMid: '0',
        sdpMLineIndex: 0,
        usernameFragment: 'a',
      },
    },
    result: {},
  },
  'voice.state': {
    params: { ...inCall, state: { mic: true, camera: false, screen: false, deafened: false } },
    result: {},
  },
  'voice.attach': { params: atNode, result: { rtpCapabilities: {}, producers: 2 } },
  'voice.openTransport': {
    params: { ...atNode, direction: 'send' },
    result: {
      transport: 't-1',
      iceParameters: { usernameFragment: 'a', password: 'b', iceLite: true },
      iceCandidates: [{}],
      dtlsParameters: {},
    },
  },
  'voice.connectTransport': {
    params: { ...atNode, transport: 't-1', dtlsParameters },
    result: {},
  },
  'voice.restartIce': {
    params: { ...atNode, transport: 't-1' },
    result: { iceParameters: { usernameFragment: 'a', password: 'b', iceLite: true } },
  },
  'voice.produce': {
    params: { ...atNode, transport: 't-1', kind: 'audio', source: 'mic', rtpParameters, paused: true },
    result: { producer: 'p-1' },
  },
  'voice.setProducer': { params: { ...atNode, producer: 'p-1', paused: true, closed: true }, result: {} },
  'voice.receive': {
    params: { ...atNode, transport: 't-1', rtpCapabilities },
    result: {
      consumers: [
        {
          consumer: 'c-1',
          producer: 'p-1',
          participant: 8,
          kind: 'audio',
          source: 'mic',
          rtpParameters: {},
          producerPaused: false,
        },
      ],
    },
  },
  'voice.setConsumer': {
    params: {
      ...atNode,
      consumer: 'c-1',
      paused: false,
      width: 640,
      height: 360,
      priority: 2,
      keyFrame: true,
    },
    result: {},
  },
  'voice.report': {
    params: { ...inCall, rttMs: 20, latencyMs: 40, jitterMs: 3, lossPerMille: 1, gapMs: 0 },
    result: {},
  },
  'voice.watch': { params: inCall, result: { url: '/v1/hls/x/index.m3u8', expiresAt: NOON } },
};
