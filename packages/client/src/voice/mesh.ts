import { MAX_SIDE, type PeerSignal, type TrackSource } from '@parley/domain/wire/voice';
import {
  type Access,
  inPixels,
  keyOf,
  type MediaPath,
  type PathHost,
  type Received,
  type Size,
  toRtc,
} from './media-path.js';
import { isCut } from './node-line.js';
import { openPeer, type Peer, SECTIONS } from './peer.js';
import { createWishes } from './wishes.js';

export type MeshOptions = PathHost & {
  /** Me. */
  readonly participant: number;
  readonly access: Access;
  /** @throws RefusalError */
  readonly tell: (to: number, signal: PeerSignal) => Promise<unknown>;
  /** Whether a participant says that it sends this: a section is there from the beginning, with or without anything in it. */
  readonly sends: (participant: number, source: TrackSource) => boolean;
};

type Picture = Extract<PeerSignal, { readonly type: 'shown' }>['source'];
const PICTURES: readonly Picture[] = ['camera', 'screen'];
const isPicture = (source: TrackSource): source is Picture => source === 'camera' || source === 'screen';
/** What is sent of a picture of which nothing was said. */
const ALL: Size = { width: MAX_SIDE, height: MAX_SIDE };

/** The other side has a connection for this one: who came when a node was needed goes by that alone, and never has. */
const isHeardOf = ({ connection }: Peer): boolean => connection.remoteDescription !== null;

/** Media from each to each: one connection to every other participant. */
export function openMesh({
  participant: me,
  access,
  iceTransportPolicy,
  tell: signalTo,
  sends,
  onChange,
  onFinished,
}: MeshOptions): MediaPath {
  const peers = new Map<number, Peer>();
  const tracks = new Map<TrackSource, MediaStreamTrack | null>();
  /** Those who need me here no more: nothing is sent to them. */
  const done = new Set<number>();
  /** How large pictures of others are shown here; of one that nothing is said of, all of it comes. */
  const sizes = new Map<string, Size | null>();
  /** Those whose browsers hear how large I show them. */
  const introduced = new WeakSet<Peer>();
  const wishes = createWishes<Size | null>({
    ask(id, size) {
      const [other, source] = id.split(' ') as [string, Picture];
      return signalTo(Number(other), { type: 'shown', source, size });
    },
    isSame: (one, other) => one === other || (one?.width === other?.width && one?.height === other?.height),
    passes: isCut,
    onRefused: () => undefined,
  });
  let iceServers = toRtc(access.iceServers);
  let there: readonly number[] = [];
  let takes = false;
  let isFinishing = false;

  const tell = (to: number, signal: PeerSignal): void => void signalTo(to, signal).catch(() => undefined);

  /** Says how large another's pictures are shown, as soon as there is something there that hears it; and again where that may have been lost. */
  function introduce(other: number, isAgain = false): void {
    const peer = peers.get(other);
    if (peer === undefined || !isHeardOf(peer)) return;
    if (introduced.has(peer) && !isAgain) return;
    introduced.add(peer);
    for (const source of PICTURES) {
      const id = keyOf(other, source);
      wishes.begin(id, ALL);
      const size = sizes.get(id);
      if (size !== undefined) wishes.wish(id, size);
    }
  }

  /** Whoever came later begins: the other one was there to hear it. `offer` is of a browser that has begun. */
  function open(other: number, offer?: PeerSignal): void {
    const peer = openPeer({
      iceServers,
      iceTransportPolicy,
      isPolite: me > other,
      begins: me > other && offer === undefined,
      tell: (signal) => tell(other, signal),
      onChange() {
        introduce(other);
        onChange();
      },
      onReplaced(next) {
        if (peers.get(other) !== peer) return;
        drop(other);
        open(other, next);
      },
    });
    peers.set(other, peer);
    for (const [source, track] of tracks) peer.send(source, track);
    if (offer !== undefined) void peer.take(offer).catch(() => undefined);
  }

  function drop(other: number): void {
    peers.get(other)?.close();
    peers.delete(other);
    done.delete(other);
    for (const source of PICTURES) wishes.end(keyOf(other, source));
  }

  function say(needed: boolean): void {
    for (const other of peers.keys()) tell(other, { type: 'needed', needed });
  }

  function look(): void {
    if (isFinishing && [...peers].every(([other, peer]) => done.has(other) || !isHeardOf(peer))) onFinished();
  }

  return {
    async send(source, track) {
      tracks.set(source, track);
      for (const [other, peer] of peers) if (!done.has(other)) peer.send(source, track);
    },
    mute: () => undefined,
    sync(others, takesNew) {
      there = others;
      takes = takesNew;
      for (const other of peers.keys()) {
        if (others.includes(other)) continue;
        drop(other);
        for (const source of PICTURES) sizes.delete(keyOf(other, source));
      }
      if (takesNew) for (const other of others) if (!peers.has(other)) open(other);
      onChange();
      look();
    },
    renew(next) {
      isFinishing = false;
      say(true);
      for (const other of peers.keys()) introduce(other, true);
      iceServers = toRtc(next.iceServers);
      for (const peer of peers.values()) peer.restart(iceServers);
    },
    signal(from, signal) {
      if (signal.type === 'needed') {
        const peer = peers.get(from);
        if (signal.needed) done.delete(from);
        else if (peer !== undefined) done.add(from);
        for (const [source, track] of tracks) peer?.send(source, signal.needed ? track : null);
        if (signal.needed) introduce(from, true);
        return look();
      }
      if (signal.type === 'shown') return peers.get(from)?.show(signal.source, signal.size);
      if (signal.type === 'bye') {
        drop(from);
        // They have closed what they had, not left: it is built anew.
        if (takes && there.includes(from)) open(from);
        onChange();
        return look();
      }
      const peer = peers.get(from);
      if (peer !== undefined) void peer.take(signal).catch(() => undefined);
      else if (signal.type === 'offer') open(from, signal);
    },
    notice: () => undefined,
    finish() {
      isFinishing = true;
      say(false);
      look();
    },
    received: () =>
      [...peers].flatMap(([participant, peer]) =>
        SECTIONS.flatMap((source): Received[] => {
          const receiver = peer.transceiver(source)?.receiver;
          if (receiver === undefined || !isHeardOf(peer)) return [];
          if (!sends(participant, source)) return [];
          const isPaused = isPicture(source) && sizes.get(keyOf(participant, source)) === null;
          return [{ participant, source, receiver, track: receiver.track, isOff: false, isPaused }];
        }),
      ),
    shown(participant, source, size) {
      if (!isPicture(source)) return;
      const id = keyOf(participant, source);
      const shown = size && inPixels(size);
      sizes.set(id, shown);
      wishes.wish(id, shown);
    },
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
      wishes.close();
      for (const [other, peer] of peers) {
        tell(other, { type: 'bye' });
        peer.close();
      }
      peers.clear();
    },
  };
}
