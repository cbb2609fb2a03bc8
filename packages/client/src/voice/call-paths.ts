import type { PeerSignal, TrackSource } from '@parley/domain/wire/voice';
import { elapsed } from '../time/elapsed.js';
import type { Way } from './call-machine.js';
import type { VideoCodec } from './call-types.js';
import { type Access, keyOf, type MediaPath, type PathHost, type Received, type Size } from './media-path.js';
import { openMesh } from './mesh.js';
import type { AskNode } from './node-line.js';
import type { VoiceNotice } from './read-voice-notice.js';

export type CallPathsOptions = {
  readonly relayOnly: boolean;
  readonly videoCodec: VideoCodec;
  readonly me: () => number;
  readonly others: () => readonly number[];
  readonly sends: (participant: number, source: TrackSource) => boolean;
  /** A moderator has muted them: a node forwards nothing of them, and until there is one each client enforces it. */
  readonly isMuted: (participant: number) => boolean;
  /** @throws RefusalError */
  readonly tell: (to: number, signal: PeerSignal) => Promise<unknown>;
  readonly access: (way: Way) => Access;
  readonly line: (way: Way, path: number) => AskNode;
  readonly onUp: (path: number) => void;
  readonly onDown: (path: number) => void;
  readonly onFinished: (path: number) => void;
  readonly onChange: () => void;
};

/** The ways of one call's media, and which of their tracks are to be played. */
export type CallPaths = {
  open(path: number, way: Way): void;
  /** The same way, with what was given for it since. */
  renew(path: number): void;
  /** One of before is the newest again. */
  returnTo(path: number): void;
  /** Everything comes by a newer one. */
  finish(path: number): void;
  close(path: number): void;
  closeAll(): void;
  has(path: number): boolean;
  /** Loads what talks to a node, so that it is there when it is needed. */
  prepare(): void;
  /** Who is in the call has changed. */
  sync(): void;
  send(source: TrackSource, track: MediaStreamTrack | null): void;
  mute(isMuted: boolean): void;
  deafen(isDeaf: boolean): void;
  shown(participant: number, source: TrackSource, size: Size | null): void;
  signal(from: number, signal: PeerSignal): void;
  notice(notice: VoiceNotice): void;
  /** Of each source of each participant one track: that of the newest path by which anything of it has come. */
  shownTracks(): readonly Received[];
  isFlowing(): boolean;
  connections(): readonly RTCPeerConnection[];
};

type Open = {
  readonly path: number;
  readonly way: Way;
  media: MediaPath | undefined;
  isUp: boolean;
  /** Since when it carries every voice that the old one did. */
  heardAt: number | undefined;
};

type Inbound = {
  readonly type: string;
  readonly trackIdentifier?: string;
  readonly packetsReceived?: number;
  readonly jitterBufferEmittedCount?: number;
  readonly framesDecoded?: number;
};

/** How often it is looked whether the new path carries what the old one did, in ms: a packet of voice comes every 20. */
const LOOK_MS = 50;
/** Samples of a voice that have left the jitter buffer, 50 ms of them: from there on it plays. */
const PLAYS_SAMPLES = 2_400;
/** Who is silent sends a packet in 400 ms (Opus DTX): after so many ms since the first one nothing more is waited for. */
const SILENT_MS = 600;
/** A voice of which so many ms no packet has come by an old way, three of who is silent, is sent by it no more. */
const GONE_MS = 1_500;
/** For how long after the voices the pictures are waited for, in ms: a machine that is too slow for two ways at once has them sooner when it is rid of one. */
const PICTURES_MS = 5_000;
/** Signals of browsers that were faster than this one to build the mesh. */
const MAX_EARLY = 256;

export function callPaths(options: CallPathsOptions): CallPaths {
  const { me, others, sends, relayOnly, videoCodec, tell, access, line, onUp, onDown, onFinished, onChange } =
    options;
  const open = new Map<number, Open>();
  const tracks = new Map<TrackSource, MediaStreamTrack | null>();
  const sizes = new Map<string, readonly [number, TrackSource, Size | null]>();
  /** When the first packet came by a receiver, and those by which enough has come to be played without a pause. */
  const begun = new WeakMap<RTCRtpReceiver, number>();
  const delivered = new WeakSet<RTCRtpReceiver>();
  /** Voices that the newest way lacks, by their receivers of the old one: the packets that have come by those, and since when no more did. */
  let lacked = new Map<RTCRtpReceiver, { readonly packets: number; readonly since: number }>();
  let early: (readonly [number, PeerSignal])[] = [];
  let isMuted = false;
  let isDeaf = false;
  /** Voices have been paused, so they are to be resumed. */
  let wasDeaf = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const newest = (): Open | undefined => [...open.values()].at(-1);
  const all = (): readonly MediaPath[] => [...open.values()].flatMap(({ media }) => media ?? []);

  function begin(each: Open, media: MediaPath): void {
    each.media = media;
    media.mute(isMuted);
    for (const [source, track] of tracks) if (track !== null) void media.send(source, track);
    for (const [participant, source, size] of sizes.values()) media.shown(participant, source, size);
    hush(media);
  }

  function look(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void check().finally(() => waiting() && look()), LOOK_MS);
  }

  /** Also after it is up: what comes later is shown by it as soon as it does. */
  const waiting = (): boolean => open.size > 1 || newest()?.isUp === false;

  async function check(): Promise<void> {
    const now = newest();
    if (now?.media === undefined) return;
    const come = now.media.received();
    const before = all().flatMap((media) => (media === now.media ? [] : media.received()));
    await Promise.all(all().map(hearOf));
    if (now !== newest() || now.isUp) return;
    const lacking = stillOf(before).filter(
      (each) => !come.some((other) => isSame(each, other) && plays(other)),
    );
    const isThere = open.size > 1 ? now.media.isWhole : now.media.isFlowing;
    lack(isThere ? lacking : []);
    if (!isThere || [...lacked.values()].some(({ since }) => elapsed() - since < GONE_MS)) return;
    now.heardAt ??= elapsed();
    const lacksPictures = lacking.some(({ track }) => track.kind === 'video');
    if (lacksPictures && elapsed() - now.heardAt < PICTURES_MS) return;
    now.isUp = true;
    lack([]);
    onUp(now.path);
  }

  /** Whoever was heard once may send no voice any more: their microphone is gone, or the screen whose sound it was. */
  function lack(lacking: readonly Received[]): void {
    const before = lacked;
    lacked = new Map();
    for (const { receiver, track } of lacking)
      if (track.kind === 'audio')
        lacked.set(receiver, before.get(receiver) ?? { packets: 0, since: elapsed() });
  }

  /** What played, of those who are still there and send it, and the pictures that are kept from playing: that they are there is seen. */
  function stillOf(before: readonly Received[]): readonly Received[] {
    const there = others();
    return before.filter(
      ({ participant, source, receiver, track, isPaused }) =>
        there.includes(participant) &&
        sends(participant, source) &&
        (isPaused ? track.kind === 'video' : delivered.has(receiver)),
    );
  }

  const plays = ({ isPaused, receiver }: Received): boolean => isPaused || delivered.has(receiver);

  /** Asks each connection once for all its tracks: a browser makes its whole report for each question. */
  async function hearOf(media: MediaPath): Promise<void> {
    const asked = new Map<string, RTCRtpReceiver>();
    for (const { receiver } of media.received())
      if (!delivered.has(receiver) || lacked.has(receiver)) asked.set(receiver.track.id, receiver);
    if (asked.size === 0) return;
    await Promise.all(
      media.connections.map(async (connection) => {
        const report = await connection.getStats().catch(() => undefined);
        report?.forEach((each: Inbound) => {
          const receiver = asked.get(each.trackIdentifier ?? '');
          if (each.type === 'inbound-rtp' && receiver !== undefined) note(receiver, each);
        });
      }),
    );
  }

  function note(receiver: RTCRtpReceiver, inbound: Inbound): void {
    const packets = inbound.packetsReceived ?? 0;
    if (packets > (lacked.get(receiver)?.packets ?? packets))
      lacked.set(receiver, { packets, since: elapsed() });
    if (packets === 0 || delivered.has(receiver)) return;
    const since = begun.get(receiver) ?? elapsed();
    begun.set(receiver, since);
    const plays = (inbound.jitterBufferEmittedCount ?? 0) >= PLAYS_SAMPLES && receiver.track.kind === 'audio';
    if (!plays && (inbound.framesDecoded ?? 0) === 0 && elapsed() - since <= SILENT_MS) return;
    delivered.add(receiver);
    onChange();
  }

  function hush(media: MediaPath): void {
    for (const { participant, source, track } of media.received()) {
      if (track.kind !== 'audio') continue;
      track.enabled = !isDeaf && !options.isMuted(participant);
      if (isDeaf || wasDeaf) media.shown(participant, source, isDeaf ? null : SOUND);
    }
  }

  return {
    open(path, way) {
      const each: Open = { path, way, media: undefined, isUp: false, heardAt: undefined };
      open.set(path, each);
      const host: PathHost = {
        iceTransportPolicy: relayOnly ? 'relay' : 'all',
        videoCodec,
        onChange() {
          if (each.media) hush(each.media);
          onChange();
        },
        onDown: () => open.has(path) && onDown(path),
        onFinished: () => open.has(path) && onFinished(path),
      };
      if (way.topology === 'p2p') {
        const mesh = openMesh({ ...host, participant: me(), access: access(way), tell, sends });
        begin(each, mesh);
        this.sync();
        for (const [from, signal] of early.splice(0)) mesh.signal(from, signal);
      } else
        import('./sfu.js').then(
          ({ openSfu }) => {
            if (open.has(path)) begin(each, openSfu({ ...host, access: access(way), ask: line(way, path) }));
          },
          () => host.onDown('the part of the client that talks to nodes could not be loaded'),
        );
      look();
    },
    renew(path) {
      const each = open.get(path);
      each?.media?.renew(access(each.way));
      this.sync();
    },
    returnTo(path) {
      const each = open.get(path);
      if (each === undefined) return;
      open.delete(path);
      open.set(path, each);
      each.isUp = false;
      each.heardAt = undefined;
      this.renew(path);
      look();
    },
    finish: (path) => open.get(path)?.media?.finish(),
    close(path) {
      const each = open.get(path);
      open.delete(path);
      each?.media?.close();
      if (waiting()) look();
      onChange();
    },
    closeAll() {
      clearTimeout(timer);
      for (const media of all()) media.close();
      open.clear();
    },
    has: (path) => open.has(path),
    prepare: () => void import('./sfu.js').catch(() => undefined),
    sync() {
      const there = others();
      const now = newest();
      early = early.filter(([from]) => there.includes(from));
      // A mesh that is left takes nobody in any more.
      for (const each of open.values()) {
        each.media?.sync(there, each === now);
        if (each.media) hush(each.media);
      }
    },
    send(source, track) {
      tracks.set(source, track);
      for (const media of all()) void media.send(source, track);
    },
    mute(muted) {
      isMuted = muted;
      for (const media of all()) media.mute(muted);
    },
    deafen(isOn) {
      isDeaf = isOn;
      wasDeaf = true;
      for (const media of all()) hush(media);
    },
    shown(participant, source, size) {
      const key = keyOf(participant, source);
      if (others().includes(participant)) sizes.set(key, [participant, source, size]);
      else sizes.delete(key);
      for (const media of all()) media.shown(participant, source, size);
    },
    signal(from, signal) {
      const mesh = [...open.values()].findLast(({ way }) => way.topology === 'p2p')?.media;
      if (mesh !== undefined) return mesh.signal(from, signal);
      if (signal.type === 'bye') early = early.filter(([other]) => other !== from);
      else if (signal.type !== 'needed') early = [...early, [from, signal] as const].slice(-MAX_EARLY);
    },
    notice(notice) {
      if (notice.name === 'voice.consumer')
        return [...open.values()].findLast(({ way }) => way.topology === 'sfu')?.media?.notice(notice);
      for (const media of all()) media.notice(notice);
    },
    shownTracks() {
      const chosen = new Map<string, Received>();
      for (const { media } of open.values())
        for (const each of media?.received() ?? []) {
          const key = keyOf(each.participant, each.source);
          if (!chosen.has(key) || delivered.has(each.receiver)) chosen.set(key, each);
        }
      return [...chosen.values()];
    },
    isFlowing: () => all().some((media) => media.isFlowing),
    connections: () => newest()?.media?.connections ?? [],
  };
}

const isSame = (one: Received, other: Received): boolean =>
  one.participant === other.participant && one.source === other.source;

/** A voice has no size; this says that it is listened to. */
const SOUND: Size = { width: 0, height: 0 };
