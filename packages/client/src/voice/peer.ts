import type { PeerSignal, TrackSource } from '@parley/domain/wire/voice';
import { elapsed } from '../time/elapsed.js';
import { degradation, mostBits, pictureFor } from './encodings.js';
import type { Size } from './media-path.js';
import { withOpusFor } from './opus.js';

/** The tracks of a connection, by the order of their media sections: so it is told once and for all which is which, and turning a camera on needs no new description. */
export const SECTIONS: readonly TrackSource[] = ['mic', 'camera', 'screen', 'screenAudio'];

const kindOf = (source: TrackSource): 'audio' | 'video' =>
  source === 'mic' || source === 'screenAudio' ? 'audio' : 'video';

/** A connection to one other browser. */
export type Peer = {
  readonly connection: RTCPeerConnection;
  send(source: TrackSource, track: MediaStreamTrack | null): void;
  /** How large they show a picture of mine: no more is sent than fits; null: nothing. */
  show(source: TrackSource, size: Size | null): void;
  take(signal: PeerSignal): Promise<void>;
  /** Looks for a path anew, with fresh servers: after a reconnect, where what was said may be lost. */
  restart(iceServers: RTCIceServer[]): void;
  transceiver(source: TrackSource): RTCRtpTransceiver | undefined;
  close(): void;
};

export type PeerOptions = {
  readonly iceServers: RTCIceServer[];
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  /** Who has to give way when both describe themselves at once. */
  readonly isPolite: boolean;
  /** Who describes itself first. */
  readonly begins: boolean;
  readonly tell: (signal: PeerSignal) => void;
  readonly onChange: () => void;
  /** The other side has another connection now, and this is its offer. */
  readonly onReplaced: (offer: PeerSignal) => void;
};

/**
 * Milliseconds that a connection may be without packets before its path is looked for anew, and that an offer may stay without an answer; twice as long after each try, because a
 * machine that is too slow for one is not helped by more.
 */
const PATIENCE_MS = 2_500;
const MAX_PATIENCE_MS = 20_000;

/**
 * Perfect negotiation (W3C WebRTC, 10.7) over fixed media sections. What the other side says out of turn is dropped: it comes again with the next offer,
 * which whoever is polite makes as long as there is no connection.
 */
export function openPeer(options: PeerOptions): Peer {
  const { isPolite, tell, onChange } = options;
  const connection = new RTCPeerConnection({
    iceServers: options.iceServers,
    iceTransportPolicy: options.iceTransportPolicy,
    bundlePolicy: 'max-bundle',
  });
  const tracks = new Map<TrackSource, MediaStreamTrack | null>();
  const sizes = new Map<TrackSource, Size | null>();
  let binding = Promise.resolve();
  let isMakingOffer = false;
  let isIgnoring = false;
  /** Which connection of the other side this one is with: `o=` names each by a number of its own. */
  let session: string | undefined;
  let early: RTCIceCandidateInit[] = [];
  let isClosed = false;

  const transceiver = (source: TrackSource): RTCRtpTransceiver | undefined =>
    connection.getTransceivers()[SECTIONS.indexOf(source)];

  function put(source: TrackSource): void {
    const sender = transceiver(source)?.sender;
    const track = tracks.get(source) ?? null;
    if (sender === undefined || sender.track === track) return;
    void sender
      .replaceTrack(track)
      .then(() => {
        bind(source);
        // Another one may be wanted by now: of one that the sender still had then, nothing was asked.
        put(source);
      })
      .catch(() => undefined);
  }

  /** One after the other: parameters are those that were read last, or refused. */
  function bind(source: TrackSource): void {
    binding = binding
      .then(() => bound(transceiver(source)?.sender, source, sizes.get(source)))
      .catch(() => undefined);
  }

  async function offer(): Promise<void> {
    if (isClosed) return;
    if (connection.getTransceivers().length === 0)
      for (const source of SECTIONS) connection.addTransceiver(kindOf(source), { direction: 'sendrecv' });
    try {
      isMakingOffer = true;
      await connection.setLocalDescription();
      SECTIONS.forEach(put);
      say();
    } finally {
      isMakingOffer = false;
    }
  }

  function say(): void {
    const { type, sdp } = connection.localDescription ?? {};
    if ((type === 'offer' || type === 'answer') && sdp !== undefined) tell({ type, sdp });
  }

  async function describe(said: Extract<PeerSignal, { readonly sdp: string }>): Promise<void> {
    const isOffer = said.type === 'offer';
    const number = /^o=\S+ (\d+)/m.exec(said.sdp)?.[1];
    if (isOffer && session !== undefined && number !== session) return options.onReplaced(said);
    const isGlare = isOffer && (isMakingOffer || connection.signalingState !== 'stable');
    isIgnoring = isGlare && !isPolite;
    if (isIgnoring) return;
    // Ours has sections that its offer does not know: it begins anew with theirs.
    if (isGlare && session === undefined) return options.onReplaced(said);
    if (!isOffer && connection.signalingState !== 'have-local-offer') return;
    await connection.setRemoteDescription({ type: said.type, sdp: withOpusFor(said.sdp) });
    session = number;
    for (const candidate of early.splice(0)) await add(candidate);
    if (isOffer) {
      for (const each of connection.getTransceivers()) each.direction = 'sendrecv';
      await connection.setLocalDescription();
      SECTIONS.forEach(put);
      say();
    }
    onChange();
  }

  const add = (candidate: RTCIceCandidateInit): Promise<void> =>
    // One of an earlier offer, or that this browser does not know: others come.
    connection.addIceCandidate(candidate).catch(() => undefined);

  connection.onnegotiationneeded = null;
  connection.onicecandidate = ({ candidate }) => {
    if (candidate === null) return;
    const { candidate: text, sdpMid, sdpMLineIndex, usernameFragment } = candidate;
    tell({
      type: 'candidate',
      candidate: text,
      ...(sdpMid === null ? {} : { sdpMid }),
      ...(sdpMLineIndex === null ? {} : { sdpMLineIndex }),
      ...(usernameFragment === null ? {} : { usernameFragment }),
    });
  };
  connection.onconnectionstatechange = onChange;
  connection.ontrack = onChange;

  // Whoever is polite does it first; where it does not, because it heard nothing of the other one, that one does.
  const first = isPolite ? PATIENCE_MS : 2 * PATIENCE_MS;
  let patience = first;
  let troubledAt = elapsed();
  const timer = setInterval(() => {
    if (connection.connectionState === 'connected') {
      troubledAt = elapsed();
      patience = first;
    } else if (elapsed() - troubledAt > patience) {
      troubledAt = elapsed();
      patience = Math.min(MAX_PATIENCE_MS, 2 * patience);
      retry();
    }
  }, 500);

  function retry(): void {
    if (connection.signalingState === 'have-local-offer') return say();
    if (connection.remoteDescription !== null) connection.restartIce();
    void offer().catch(() => undefined);
  }

  if (options.begins) void offer().catch(() => undefined);

  return {
    connection,
    transceiver,
    send(source, track) {
      tracks.set(source, track);
      put(source);
    },
    show(source, size) {
      sizes.set(source, size);
      bind(source);
    },
    async take(signal) {
      if (isClosed) return;
      if (signal.type === 'offer' || signal.type === 'answer') return describe(signal);
      if (signal.type !== 'candidate' || isIgnoring) return;
      if (connection.remoteDescription === null) early = [...early, signal].slice(-MAX_EARLY);
      else await add(signal);
    },
    restart(iceServers) {
      connection.setConfiguration({ ...connection.getConfiguration(), iceServers });
      if (connection.connectionState !== 'connected' && isPolite) retry();
    },
    close() {
      isClosed = true;
      clearInterval(timer);
      connection.onicecandidate = null;
      connection.onconnectionstatechange = null;
      connection.ontrack = null;
      connection.close();
    },
  };
}

/** Candidates that came before their description. */
const MAX_EARLY = 64;

async function bound(
  sender: RTCRtpSender | undefined,
  source: TrackSource,
  shown: Size | null | undefined,
): Promise<void> {
  const track = sender?.track;
  if (sender === undefined || !track) return;
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings;
  if (encoding === undefined) return;
  if (track.kind === 'audio') encoding.maxBitrate = mostBits[source];
  else {
    Object.assign(encoding, pictureFor(source, track.getSettings(), shown));
    parameters.degradationPreference = degradation(track);
  }
  await sender.setParameters(parameters);
}
