import type { PeerSignal, TrackSource } from '@parley/domain/wire/voice';
import { type Access, type MediaPath, type PathHost, type Received, toRtc } from './media-path.js';
import { openPeer, type Peer, SECTIONS } from './peer.js';

export type MeshOptions = PathHost & {
  /** Me. */
  readonly participant: number;
  readonly access: Access;
  readonly tell: (to: number, signal: PeerSignal) => void;
  /** Whether a participant says that it sends this: a section is there from the beginning, with or without anything in it. */
  readonly sends: (participant: number, source: TrackSource) => boolean;
};

/** Media from each to each: one connection to every other participant. */
export function openMesh({
  participant: me,
  access,
  iceTransportPolicy,
  tell,
  sends,
  onChange,
}: MeshOptions): MediaPath {
  const peers = new Map<number, Peer>();
  const tracks = new Map<TrackSource, MediaStreamTrack | null>();
  let iceServers = toRtc(access.iceServers);

  /** Whoever came later begins: the other one was there to hear it. `offer` is of a browser that has begun. */
  function open(other: number, offer?: PeerSignal): void {
    const peer = openPeer({
      iceServers,
      iceTransportPolicy,
      isPolite: me > other,
      begins: me > other && offer === undefined,
      tell: (signal) => tell(other, signal),
      onChange,
      onReplaced(next) {
        if (peers.get(other) !== peer) return;
        peer.close();
        open(other, next);
      },
    });
    peers.set(other, peer);
    for (const [source, track] of tracks) peer.send(source, track);
    if (offer !== undefined) void peer.take(offer).catch(() => undefined);
  }

  return {
    async send(source, track) {
      tracks.set(source, track);
      for (const peer of peers.values()) peer.send(source, track);
    },
    mute: () => undefined,
    sync(others, takesNew) {
      for (const [other, peer] of peers) {
        if (others.includes(other)) continue;
        peer.close();
        peers.delete(other);
      }
      if (takesNew) for (const other of others) if (!peers.has(other)) open(other);
      onChange();
    },
    renew(next) {
      iceServers = toRtc(next.iceServers);
      for (const peer of peers.values()) peer.restart(iceServers);
    },
    signal(from, signal) {
      if (signal.type === 'bye') {
        peers.get(from)?.close();
        peers.delete(from);
        return onChange();
      }
      const peer = peers.get(from);
      if (peer !== undefined) void peer.take(signal).catch(() => undefined);
      else if (signal.type === 'offer') open(from, signal);
    },
    notice: () => undefined,
    received: () =>
      [...peers].flatMap(([participant, peer]) =>
        SECTIONS.flatMap((source): Received[] => {
          const receiver = peer.transceiver(source)?.receiver;
          if (receiver === undefined || peer.connection.remoteDescription === null) return [];
          if (!sends(participant, source)) return [];
          return [{ participant, source, receiver, track: receiver.track, isPaused: false }];
        }),
      ),
    shown: () => undefined,
    get isFlowing() {
      return (
        peers.size === 0 ||
        [...peers.values()].some((each) => each.connection.connectionState === 'connected')
      );
    },
    get isWhole() {
      return [...peers.values()].every((each) => each.connection.connectionState === 'connected');
    },
    get connections() {
      return [...peers.values()].map(({ connection }) => connection);
    },
    close() {
      for (const [other, peer] of peers) {
        tell(other, { type: 'bye' });
        peer.close();
      }
      peers.clear();
    },
  };
}
