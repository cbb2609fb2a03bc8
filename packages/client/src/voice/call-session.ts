import type { BroadcastSource, Call } from '@parley/domain/call/call';
import type { TrackSource } from '@parley/domain/wire/voice';
import type { ParleyClient } from '../parley-client.js';
import { createStore } from '../store.js';
import { createAccesses } from './accesses.js';
import type { AskVoice } from './ask-voice.js';
import { type CallBook, type CallChange, whyOut } from './call-book.js';
import { createCallDriver } from './call-driver.js';
import { callPaths } from './call-paths.js';
import { createCallRoster } from './call-roster.js';
import type { CallOptions, CallPhase, CallSession, CallSnapshot } from './call-types.js';
import { createHearing, type Hearing } from './hearing.js';
import { createNodeLine } from './node-line.js';
import { listDevices, type OwnMedia } from './own-media.js';
import { createOwnState } from './own-state.js';
import type { VoiceNotice } from './read-voice-notice.js';
import { createSpeakers } from './speakers.js';
import { makeTiles } from './tiles.js';

export type CallSessionOptions = {
  readonly client: ParleyClient;
  readonly ask: AskVoice;
  readonly book: CallBook;
  readonly conversationId: string;
  readonly call: Call;
  /** The seq of the event by which this device entered. */
  readonly participant: number;
  readonly media: OwnMedia;
  readonly options: CallOptions;
};

/** A call session, and what its owner passes on to it. */
export type OwnCallSession = CallSession & {
  notice(notice: VoiceNotice): void;
  /** A track of mine is another one. */
  put(source: TrackSource, track: MediaStreamTrack | null): void;
};

const REPORT_MS = 5_000;

export function createCallSession(given: CallSessionOptions): OwnCallSession {
  const { client, ask, book, conversationId, media, options } = given;
  const { call } = given.call;
  const place = { conversationId, call };
  let isAudioOnly = false;
  let broadcast: { readonly source: BroadcastSource; readonly refused: string | null } | undefined;
  let hearing: Hearing | undefined;
  /** The browser is slow to give a microphone: by then something else may be wanted. */
  let micWishes = 0;
  const me = (): number => driver.participant;
  const isOver = (): boolean => driver.state.tag === 'ended';
  const roster = createCallRoster(given.call);
  const own = createOwnState({
    mic: options.mic ?? true,
    pushToTalk: options.pushToTalk ?? false,
    isMuted: () => roster.call.muted.has(client.user),
    tell: (said) => ask('voice.state', { ...place, state: said }),
  });
  const accesses = createAccesses({
    ...place,
    ask,
    me,
    now: client.now,
    onMoved: () => driver.happen({ tag: 'moved', isGone: false }),
  });
  const paths = callPaths({
    me,
    others: () => roster.others(me()),
    sends: roster.sends,
    isMuted: roster.isMuted,
    relayOnly: options.relayOnly ?? false,
    videoCodec: options.videoCodec ?? 'VP8',
    access: accesses.of,
    tell: (to, signal) => ask('voice.signal', { ...place, to, signal }),
    line: (way, path) =>
      createNodeLine({
        ...place,
        ask,
        ticket: (fresh) => accesses.ticket(way, fresh),
        onStale: () => paths.has(path) && driver.happen({ tag: 'moved', isGone: false }),
      }),
    onUp: (path) => driver.happen({ tag: 'up', path }),
    onDown: (path) => driver.happen({ tag: 'down', path }),
    onFinished: (path) => driver.happen({ tag: 'finished', path }),
    onChange: () => changed(),
  });
  const driver = createCallDriver({
    client,
    place,
    participant: given.participant,
    accesses,
    paths,
    // By a node tracks say what else is on, and a gateway that was away may know of nothing.
    onEntered: () => tellState(own.now().deafened),
    onOpened({ topology }) {
      // Who has lost too much by one way is not known to by another.
      isAudioOnly = false;
      if (topology === 'p2p') tellState(true);
    },
    onEnd: () => tidy(),
    onChange: () => changed(),
  });
  const speakers = createSpeakers({ paths, media, me, onChange: () => changed() });
  const hear = createHearing();
  const reporting = setInterval(() => void report().catch(() => undefined), REPORT_MS);

  const store = createStore<CallSnapshot>((last) => {
    const { state } = driver;
    const known = roster.call;
    const tiles = makeTiles(last?.tiles ?? [], {
      call: known,
      me: me(),
      own: own.now(),
      media,
      states: roster.states,
      speaks: speakers.speaks,
      hearing,
      received: paths.shownTracks(),
    });
    return {
      phase: phase(),
      ...(state.tag === 'ended' ? { why: state.why } : {}),
      ...(state.tag === 'in' && state.refusal !== undefined ? { refusal: state.refusal } : {}),
      conversationId,
      call,
      media: known.media,
      topology: known.topology,
      by: known.by,
      startedAt: known.at,
      tiles,
      audioOnly: isAudioOnly,
      broadcast: known.broadcast,
      ...refusalOf(known.broadcast),
    };
  });

  function fold({ conversationId: where, now, revision, event }: CallChange): void {
    if (where !== conversationId || isOver()) return;
    if (now?.call === call) becomes(now);
    const participant = me();
    if (revision >= participant) {
      const who = { call, participant, user: client.user, device: client.device };
      const why = whyOut({ now, event }, who);
      if (why !== undefined) return driver.happen({ tag: 'out', participant, why });
    }
    if (now?.call !== call) return;
    driver.happen({ tag: 'topology', topology: now.topology, seq: revision });
    paths.sync();
    // A moderator may have muted me, or let me speak again.
    if (media.track('mic') !== null && media.track('mic')?.enabled !== own.isHeard()) speak();
    changed();
  }

  function becomes(now: Call): void {
    // What was told may be of what begins now: a notice comes by another way than the log.
    if (now.broadcast !== broadcast?.source) broadcast = undefined;
    roster.becomes(now);
    // With one more a node is needed.
    if (now.participants.size >= now.p2pMax) paths.prepare();
  }

  function refusalOf(source: Call['broadcast']): Pick<CallSnapshot, 'broadcastRefused'> {
    const refused = broadcast?.source === source ? broadcast.refused : null;
    return refused === null ? {} : { broadcastRefused: refused };
  }

  function phase(): CallPhase {
    const { state, hasEntered } = driver;
    if (state.tag === 'ended') return 'ended';
    if (state.path?.isUp || state.old?.isUp) return paths.isFlowing() ? 'connected' : 'reconnecting';
    if (state.hasBeenUp) return 'reconnecting';
    return hasEntered ? 'connecting' : 'joining';
  }

  function speak(): void {
    const isOn = own.isHeard();
    const track = media.track('mic');
    if (track !== null) track.enabled = isOn;
    paths.mute(!isOn);
    tellState();
    changed();
  }

  /** Also what is open says so again. By a node who has nothing on is not told of: until what the others have on is told again, it is what they send. */
  function line(isOpen: boolean): void {
    if (driver.state.tag !== 'in' || driver.state.isOnline === isOpen) return;
    if (isOpen && roster.call.topology === 'sfu') roster.forget();
    driver.happen({ tag: isOpen ? 'online' : 'offline' });
  }

  /** In a mesh also to somebody new. By a node tracks say what is on, and a thousand need not answer one. */
  function tellState(isAgain = false): void {
    if (driver.hasEntered && !isOver()) own.tell(me(), isAgain);
  }

  async function report(): Promise<void> {
    if (isOver() || !paths.isFlowing() || roster.others(me()).length === 0) return;
    hearing = await hear(paths.connections());
    changed();
    if (client.state.tag === 'open') await ask('voice.report', { ...place, ...hearing.heard });
  }

  function tidy(): void {
    for (const off of offs) off();
    clearInterval(reporting);
    speakers.close();
    paths.closeAll();
    media.close();
    own.close();
    own.change({ camera: false, screen: false });
  }

  function changed(): void {
    store.changed();
  }

  const offs = [book.onChange(fold), client.on('state', ({ tag }) => line(tag === 'open'))];
  paths.mute(!own.isHeard());
  driver.begin();
  const newest = book.of(conversationId);
  becomes(newest?.call === call ? newest : given.call);

  return {
    state: store,
    async setMic(on) {
      const wish = ++micWishes;
      const asking = media.setMic(on);
      // Whoever turns it off is not heard from here on.
      if (on) await asking;
      if (wish !== micWishes) return;
      own.change({ mic: on });
      speak();
    },
    async setCamera(on) {
      await media.setCamera(on);
    },
    async setScreen(on) {
      await media.setScreen(on);
    },
    setDeafened(on) {
      own.change({ deafened: on });
      paths.deafen(on);
      tellState();
      changed();
    },
    setPushToTalk(on) {
      own.change({ pushToTalk: on, talks: false });
      speak();
    },
    talk(on) {
      own.change({ talks: on });
      speak();
    },
    useDevice: (kind, deviceId) => media.useDevice(kind, deviceId),
    devices: listDevices,
    shown: (other, source, size) => paths.shown(other, source, size),
    mute: async (user, muted) => void (await client.call('call.mute', { ...place, user, muted })),
    broadcast: async (source) => void (await client.call('call.broadcast', { ...place, source })),
    async leave() {
      driver.happen({ tag: 'leave' });
    },
    async end() {
      await client.call('call.end', place);
    },
    put(source, track) {
      if (isOver()) return;
      if (source === 'mic' && track !== null) track.enabled = own.isHeard();
      // What was unplugged is off, until another one is asked for.
      if (source === 'mic' && track === null) own.change({ mic: false });
      if (source === 'camera' || source === 'screen') own.change({ [source]: track !== null });
      paths.send(source, track);
      tellState();
      changed();
    },
    notice(notice) {
      if (isOver()) return;
      switch (notice.name) {
        case 'voice.closed':
          return driver.happen({ tag: 'out', participant: notice.value.participant, why: notice.value.why });
        case 'voice.moved':
          return driver.happen({ tag: 'moved', isGone: notice.value.why === 'worker' });
        case 'voice.state': {
          const isFirst = roster.says(notice.value.participant, notice.value.state);
          // They may not have heard mine: it was told before they came.
          if (isFirst && roster.call.topology === 'p2p') tellState(true);
          return changed();
        }
        case 'voice.signal':
          return paths.signal(notice.value.from, notice.value.signal);
        case 'voice.speakers':
          return speakers.said(notice.value.speakers.map((each) => each.participant));
        case 'voice.audioOnly':
          isAudioOnly = notice.value.on;
          return changed();
        case 'voice.broadcast':
          broadcast = notice.value;
          return changed();
        default:
          return paths.notice(notice);
      }
    },
  };
}
