import * as t from 'io-ts';
import { BroadcastSource, Topology } from '../call/call.js';
import { ConversationId, Seq } from '../ids.js';
import { shape, variants } from '../shape.js';
import { boundedInteger, boundedText } from '../text.js';
import {
  DtlsParameters,
  IceCandidates,
  IceParameters,
  MediaId,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
} from './rtp.js';

/** Largest description (SDP) a client may send to another, in bytes: a browser's has 2 to 20 KiB. */
const MAX_SDP = 48 * 1024;

/** Media sections in it: each track of each kind needs one. */
export const MAX_SDP_SECTIONS = 32;

/** Transports that one device may have in a call. */
export const MAX_TRANSPORTS = 4;

/** Most pixels of a side of a picture. */
export const MAX_SIDE = 16_384;

/** Which track it is: a screen's sound is one of its own. */
export const TrackSource = t.keyof(
  { mic: null, camera: null, screen: null, screenAudio: null },
  'mic, camera, screen or screenAudio',
);
export type TrackSource = t.TypeOf<typeof TrackSource>;

/** Tracks that one device may send: one of each source. */
export const MAX_TRACKS = Object.keys(TrackSource.keys).length;

/** As `RTCIceServer` of the browser has it; the credential is good until the `expiresAt` beside it. */
export const IceServer = shape(
  { urls: t.readonlyArray(t.string) },
  { username: t.string, credential: t.string },
);
export type IceServer = t.TypeOf<typeof IceServer>;

const inCall = { conversationId: ConversationId, call: Seq };
/** What is asked of the call's node: `ticket` says on behalf of which participant, and of which placement. */
const atNode = { ...inCall, ticket: boundedText('ticket', 1, 2_048) };

/** A side of a picture as it is shown, in device pixels. */
const ShownSide = (name: string) => boundedInteger(name, 0, MAX_SIDE);

/**
 * What browsers tell each other to talk without a server. `needed`: whether who says it needs the connection of the two, which they do not once everything comes by a newer way.
 * `shown`: how large they show a picture of the other; null: nobody sees it, and nothing of it need be sent. `bye` ends the connection.
 */
export const PeerSignal = variants(
  'type',
  {
    offer: shape({ type: t.literal('offer'), sdp: boundedText('sdp', 1, MAX_SDP) }),
    answer: shape({ type: t.literal('answer'), sdp: boundedText('sdp', 1, MAX_SDP) }),
    candidate: shape(
      { type: t.literal('candidate'), candidate: boundedText('candidate', 0, 1_024) },
      {
        sdpMid: boundedText('sdpMid', 0, 64),
        sdpMLineIndex: boundedInteger('sdpMLineIndex', 0, MAX_SDP_SECTIONS),
        usernameFragment: boundedText('usernameFragment', 0, 256),
      },
    ),
    needed: shape({ type: t.literal('needed'), needed: t.boolean }),
    shown: shape({
      type: t.literal('shown'),
      source: t.keyof({ camera: null, screen: null }, 'camera or screen'),
      size: t.union(
        [shape({ width: ShownSide('width'), height: ShownSide('height') }), t.null],
        'a size, or null',
      ),
    }),
    bye: shape({ type: t.literal('bye') }),
  },
  'an offer, an answer, a candidate, needed, shown or bye',
);
export type PeerSignal = t.TypeOf<typeof PeerSignal>;

/** What a participant says of itself; the others show it. */
export const ParticipantState = shape({
  mic: t.boolean,
  camera: t.boolean,
  screen: t.boolean,
  deafened: t.boolean,
});
export type ParticipantState = t.TypeOf<typeof ParticipantState>;

/** Another participant's track as this one receives it. Voices come at once; video starts paused: resume it when it is shown. */
export const ConsumerView = shape({
  consumer: t.string,
  producer: t.string,
  participant: t.number,
  kind: MediaKind,
  source: TrackSource,
  rtpParameters: t.UnknownRecord,
  producerPaused: t.boolean,
});
export type ConsumerView = t.TypeOf<typeof ConsumerView>;

const PerMille = boundedInteger('per mille', 0, 1_000);
const Milliseconds = boundedInteger('ms', 0, 600_000);

/**
 * What a client asks for its part in a call, over its socket. `voice.enter` binds this connection to the participant that `call.start` or `call.join` made; it
 * says where media goes, and is asked again after a reconnect, when the topology changes, and when the notice `voice.moved` says so. Whatever is asked with a
 * `ticket` goes to the call's node; `PlacementStale` then says that it has moved.
 */
export const voiceMethods = {
  'voice.enter': voice(
    { ...inCall, participant: Seq },
    {},
    shape(
      {
        topology: Topology,
        iceServers: t.readonlyArray(IceServer),
        revision: t.number,
      },
      { node: t.string, fence: t.number, ticket: t.string, expiresAt: t.number },
    ),
    'Take my place in a call on this connection: how its media goes, and by which node.',
  ),
  'voice.iceServers': voice(
    {},
    {},
    shape({ iceServers: t.readonlyArray(IceServer), expiresAt: t.number }),
    'STUN and TURN servers, with credentials for a while.',
  ),
  'voice.signal': voice(
    { ...inCall, to: Seq, signal: PeerSignal },
    {},
    shape({}),
    'Tell another participant what their browser needs to reach mine.',
  ),
  'voice.state': voice(
    { ...inCall, state: ParticipantState },
    {},
    shape({}),
    'Tell the others what of mine is on.',
  ),
  'voice.attach': voice(
    atNode,
    {},
    shape({ rtpCapabilities: t.UnknownRecord, producers: t.number }),
    "Begin at the call's node, anew: what I had there is closed. Answers what it can forward.",
  ),
  'voice.openTransport': voice(
    { ...atNode, direction: t.keyof({ send: null, recv: null }, 'send or recv') },
    {},
    shape({
      transport: t.string,
      iceParameters: IceParameters,
      iceCandidates: IceCandidates,
      dtlsParameters: t.UnknownRecord,
    }),
    'Make a transport to the node.',
  ),
  'voice.connectTransport': voice(
    { ...atNode, transport: MediaId, dtlsParameters: DtlsParameters },
    {},
    shape({}),
    'Give the node what it needs to secure a transport.',
  ),
  'voice.restartIce': voice(
    { ...atNode, transport: MediaId },
    {},
    shape({ iceParameters: IceParameters }),
    'Find a path anew after the network changed.',
  ),
  'voice.produce': voice(
    { ...atNode, transport: MediaId, kind: MediaKind, source: TrackSource, rtpParameters: RtpParameters },
    {
      paused: t.boolean,
      /** How large a picture is in its largest layer, in pixels: the node picks layers by it. */
      width: boundedInteger('width', 1, MAX_SIDE),
      height: boundedInteger('height', 1, MAX_SIDE),
    },
    shape({ producer: t.string }),
    'Send a track; a second one of a source replaces the first.',
  ),
  'voice.setProducer': voice(
    { ...atNode, producer: MediaId },
    { paused: t.boolean, closed: t.literal(true) },
    shape({}),
    'Pause, resume or end a track of mine.',
  ),
  'voice.receive': voice(
    { ...atNode, transport: MediaId, rtpCapabilities: RtpCapabilities },
    {},
    shape({ consumers: t.readonlyArray(ConsumerView) }),
    'Receive what there is over this transport, and by notices what comes; asked again, it answers all that I receive, and notices say again which of my tracks are wanted.',
  ),
  'voice.setConsumer': voice(
    { ...atNode, consumer: MediaId },
    {
      paused: t.boolean,
      /** The size it is drawn at, also what its box cuts off, in CSS pixels times the device's ratio: the node picks the layers by it. */
      width: ShownSide('width'),
      height: ShownSide('height'),
      priority: boundedInteger('priority', 1, 255),
      keyFrame: t.literal(true),
    },
    shape({}),
    'Pause what nobody sees, and say how large the rest is shown.',
  ),
  'voice.report': voice(
    inCall,
    {
      rttMs: Milliseconds,
      latencyMs: Milliseconds,
      jitterMs: Milliseconds,
      lossPerMille: PerMille,
      gapMs: Milliseconds,
    },
    shape({}),
    'How the call is heard here, every 5 s.',
  ),
  'voice.watch': voice(
    inCall,
    {},
    shape({ url: t.string, expiresAt: t.number }),
    "Where a call's broadcast is to be watched: an HLS playlist, for its members.",
  ),
} as const;

export type VoiceMethod = keyof typeof voiceMethods;
export type VoiceParams<M extends VoiceMethod> = t.TypeOf<(typeof voiceMethods)[M]['params']>;
export type VoiceResult<M extends VoiceMethod> = t.TypeOf<(typeof voiceMethods)[M]['result']>;

/** Those that a gateway passes on to the call's node. */
export const nodeMethods = [
  'voice.attach',
  'voice.openTransport',
  'voice.connectTransport',
  'voice.restartIce',
  'voice.produce',
  'voice.setProducer',
  'voice.receive',
  'voice.setConsumer',
] as const satisfies readonly VoiceMethod[];
export type NodeMethod = (typeof nodeMethods)[number];

export const isVoiceMethod = (name: string): name is VoiceMethod => Object.hasOwn(voiceMethods, name);

/** Why a participant's place on this connection is gone. */
export const WhyClosed = t.keyof(
  { ended: null, left: null, removed: null, lost: null, replaced: null, elsewhere: null },
  'why it is over',
);

/** What a gateway says about a call without being asked, by the JSON-RPC method that carries it. Reasons that a newer server knows pass. */
export const voiceNotices = {
  'voice.signal': shape({ ...plain(), from: t.number, signal: PeerSignal }),
  'voice.state': shape({ ...plain(), participant: t.number, state: ParticipantState }),
  /** Media goes another way, by another node or another worker of it: ask `voice.enter` again. */
  'voice.moved': shape({ ...plain(), why: t.string }),
  /** I am no longer in the call with this participant: `replaced` by a newer one of my device, or taken over by a connection `elsewhere`. */
  'voice.closed': shape({ ...plain(), participant: t.number, why: t.string }),
  /** A track to receive; `fence` names the placement it is of: one of another than I entered is not for me. */
  'voice.consumer': shape({ ...plain(), fence: t.number, consumer: ConsumerView }),
  'voice.consumerClosed': shape({ ...plain(), consumer: t.string }),
  'voice.consumerPaused': shape({ ...plain(), consumer: t.string, paused: t.boolean }),
  /** Whether anybody receives a track of mine now: one that nobody does may stop being sent. */
  'voice.wanted': shape({ ...plain(), producer: t.string, wanted: t.boolean }),
  /** Who speaks, loudest first, in dBov (RFC 6464: 0 the loudest, -127 silence). */
  'voice.speakers': shape({
    ...plain(),
    speakers: t.readonlyArray(shape({ participant: t.number, level: t.number })),
  }),
  /** So much is lost on the way to me that the node sends me voices alone, or no longer does so. */
  'voice.audioOnly': shape({ ...plain(), on: t.boolean }),
  /** What has become of a broadcast that the log speaks of, now and every other second: made, or refused and why. The call goes on. */
  'voice.broadcast': shape({
    ...plain(),
    source: BroadcastSource,
    refused: t.union([t.string, t.null], 'why nobody can watch it, or null'),
  }),
} as const;
export type VoiceNotice = keyof typeof voiceNotices;

function plain() {
  return { conversationId: t.string, call: t.number } as const;
}

function voice<R extends t.Props, O extends t.Props, A extends t.Mixed>(
  required: R,
  optional: O,
  result: A,
  summary: string,
) {
  return { dispatch: 'voice', params: shape(required, optional), result, summary } as const;
}
