import type { Call } from '@parley/domain/call/call';
import type { ParticipantState, TrackSource } from '@parley/domain/wire/voice';
import { backoffMs } from '../backoff.js';
import type { ParleyClient } from '../parley-client.js';
import { asRefusal, RefusalError } from '../refusal-error.js';
import { createStore } from '../store.js';
import type { AskVoice } from './ask-voice.js';
import { type CallBook, type CallChange, whyOut } from './call-book.js';
import { beginCall, type CallEffect, type CallInput, callTransition, type Way } from './call-machine.js';
import { callPaths } from './call-paths.js';
import type { CallOptions, CallPhase, CallQuality, CallSession, CallSnapshot } from './call-types.js';
import { createHearing, qualityOf } from './hearing.js';
import type { Access } from './media-path.js';
import { createNodeLine } from './node-line.js';
import { listDevices, type OwnMedia } from './own-media.js';
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
/** Between two tries to find a way for media. */
const RETRY = { baseMs: 200, capMs: 5_000 };

export function createCallSession(given: CallSessionOptions): OwnCallSession {
  const { client, ask, book, conversationId, media, options } = given;
  const { call } = given.call;
  const place = { conversationId, call };
  let { state, effects } = beginCall(given.participant);
  let participant = given.participant;
  /** As it was last: an ended call still shows what it was. */
  let known = given.call;
  let hasEntered = false;
  let isAudioOnly = false;
  let quality: CallQuality = 'unknown';
  const own = {
    mic: options.mic ?? true,
    camera: false,
    screen: false,
    deafened: false,
    pushToTalk: options.pushToTalk ?? false,
    talks: false,
  };
  const states = new Map<number, ParticipantState>();
  const accesses = new Map<string, Access>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let renewing: Promise<string> | undefined;

  const paths = callPaths({
    me: () => participant,
    others: () => others(),
    sends: (other, source) => sends(other, source),
    relayOnly: options.relayOnly ?? false,
    videoCodec: options.videoCodec ?? 'VP8',
    isMuted: (other) => isMuted(other),
    tell: (to, signal) => void ask('voice.signal', { ...place, to, signal }).catch(() => undefined),
    line: (way, path) =>
      createNodeLine({
        ...place,
        ask,
        ticket: (fresh) => ticketOf(way, fresh),
        onStale: () => paths.has(path) && happen({ tag: 'moved', isGone: false }),
      }),
    onUp: (path) => happen({ tag: 'up', path }),
    onDown: (path) => happen({ tag: 'down', path }),
    onChange: () => changed(),
  });
  const speakers = createSpeakers({ paths, media, me: () => participant, onChange: () => changed() });
  const hear = createHearing();
  const reporting = setInterval(() => void report().catch(() => undefined), REPORT_MS);

  const store = createStore<CallSnapshot>((last) => {
    const tiles = makeTiles(last?.tiles ?? [], {
      call: known,
      me: participant,
      own: { ...own, mic: isHeard() },
      media,
      states,
      speaks: speakers.speaks,
      quality,
      received: paths.shownTracks(),
    });
    return {
      phase: phase(),
      ...(state.tag === 'ended' ? { why: state.why } : {}),
      conversationId,
      call,
      media: known.media,
      topology: known.topology,
      by: known.by,
      startedAt: known.at,
      tiles,
      audioOnly: isAudioOnly,
      broadcast: known.broadcast,
    };
  });

  function happen(input: CallInput): void {
    const step = callTransition(state, input);
    state = step.state;
    for (const effect of step.effects) perform(effect);
    changed();
  }

  function perform(effect: CallEffect): void {
    switch (effect.tag) {
      case 'enter':
        return void enter(effect.asked, effect.participant);
      case 'join':
        return void join(effect.asked);
      case 'open':
        paths.open(effect.path, effect.way, accesses.get(effect.way.key) as Access, playing());
        return effect.way.topology === 'p2p' ? tellState(true) : undefined;
      case 'renew':
        return paths.renew(effect.path, accesses);
      case 'close':
        return paths.close(effect.path);
      case 'wait':
        return later(backoffMs(effect.failures + 1, Math.random(), RETRY), {
          tag: 'retry',
          asked: effect.asked,
        });
      case 'closeOldIn':
        return later(effect.ms, { tag: 'switched', path: effect.path });
      case 'leave':
        void client.call('call.leave', { ...place, participant: effect.participant }).catch(() => undefined);
        return;
      case 'end':
        return tidy();
      default:
        return effect satisfies never;
    }
  }

  function later(ms: number, input: CallInput): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      happen(input);
    }, ms);
    timers.add(timer);
  }

  async function enter(asked: number, mine: number): Promise<void> {
    try {
      const { way, revision } = await access(mine);
      hasEntered = true;
      happen({ tag: 'entered', asked, way, revision });
      tellState();
    } catch (error) {
      const { tag: refusal, retryable } = asRefusal(error);
      happen({ tag: 'refused', asked, refusal, retryable });
    }
  }

  /** How media goes now, and what is needed for it. */
  async function access(mine: number): Promise<{ readonly way: Way; readonly revision: number }> {
    const { topology, revision, ...rest } = await ask('voice.enter', { ...place, participant: mine });
    const key = topology === 'p2p' ? `${mine} p2p` : `${mine} ${rest.node} ${rest.fence}`;
    accesses.set(key, rest);
    return { way: { key, topology }, revision };
  }

  async function join(asked: number): Promise<void> {
    try {
      const answer = await client.call('call.join', place);
      participant = answer.seq;
      happen({ tag: 'joined', asked, participant });
    } catch (error) {
      const { tag: refusal, retryable } = asRefusal(error);
      happen({ tag: 'refused', asked, refusal, retryable });
    }
  }

  /** The ticket of a way, renewed shortly before it is over. */
  async function ticketOf(way: Way, fresh: boolean): Promise<string> {
    const { ticket, expiresAt = 0 } = accesses.get(way.key) ?? {};
    if (!fresh && ticket !== undefined && client.now() < expiresAt - 3_000) return ticket;
    renewing ??= access(participant)
      .then(({ way: now }) => {
        const renewed = accesses.get(way.key)?.ticket;
        if (now.key === way.key && renewed !== undefined) return renewed;
        happen({ tag: 'moved', isGone: false });
        throw new RefusalError('PlacementStale');
      })
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  }

  function fold({ conversationId: where, now, revision, event }: CallChange): void {
    if (where !== conversationId || state.tag === 'ended') return;
    if (now?.call === call) known = now;
    if (known.participants.size >= known.p2pMax) paths.prepare();
    if (revision >= participant) {
      const me = { call, participant, user: client.user, device: client.device };
      const why = whyOut({ now, event }, me);
      if (why !== undefined) return happen({ tag: 'out', participant, why });
    }
    if (now?.call !== call) return;
    happen({ tag: 'topology', topology: now.topology, seq: revision });
    paths.sync(playing());
    for (const other of states.keys()) if (!others().includes(other)) states.delete(other);
    // A moderator may have muted me, or let me speak again.
    if (media.track('mic') !== null && media.track('mic')?.enabled !== isHeard()) speak();
    changed();
  }

  const others = (): readonly number[] =>
    [...known.participants.values()].map((each) => each.participant).filter((each) => each !== participant);

  const sends = (other: number, source: TrackSource): boolean => {
    const said = states.get(other);
    if (source === 'mic') return true;
    return source === 'camera' ? (said?.camera ?? false) : (said?.screen ?? false);
  };

  const isMuted = (other: number): boolean => {
    if (known.muted.size === 0) return false;
    const user = [...known.participants.values()].find((each) => each.participant === other)?.user;
    return user !== undefined && known.muted.has(user);
  };

  const playing = () => (state.tag === 'in' ? { path: state.path?.path, old: state.old?.path } : {});

  const isHeard = (): boolean => own.mic && (!own.pushToTalk || own.talks) && !known.muted.has(client.user);

  function phase(): CallPhase {
    if (state.tag === 'ended') return 'ended';
    if (state.path?.isUp || state.old?.isUp) return paths.isFlowing() ? 'connected' : 'reconnecting';
    if (state.hasBeenUp) return 'reconnecting';
    return hasEntered ? 'connecting' : 'joining';
  }

  function speak(): void {
    const isOn = isHeard();
    const track = media.track('mic');
    if (track !== null) track.enabled = isOn;
    paths.mute(!isOn);
    tellState();
    changed();
  }

  let told = '';
  /** When it has changed; in a mesh also to somebody new. By a node tracks say what is on, and a thousand need not answer one. */
  function tellState(isAgain = false): void {
    if (!hasEntered || state.tag === 'ended') return;
    const { camera, screen, deafened } = own;
    const said: ParticipantState = { mic: isHeard(), camera, screen, deafened };
    const text = `${participant} ${JSON.stringify(said)}`;
    if (text === told && !isAgain) return;
    told = text;
    void ask('voice.state', { ...place, state: said }).catch(() => {
      told = '';
    });
  }

  async function report(): Promise<void> {
    if (state.tag === 'ended' || !paths.isFlowing() || others().length === 0) return;
    const heard = await hear(paths.connections());
    quality = qualityOf(heard);
    changed();
    if (client.state.tag === 'open') await ask('voice.report', { ...place, ...heard });
  }

  function tidy(): void {
    for (const off of offs) off();
    for (const timer of timers) clearTimeout(timer);
    clearInterval(reporting);
    speakers.close();
    paths.closeAll();
    media.close();
    own.camera = own.screen = false;
  }

  function changed(): void {
    store.changed();
  }

  const offs = [
    book.onChange(fold),
    client.on('state', ({ tag }) => {
      if (tag === 'open') happen({ tag: 'online' });
      else if (state.tag === 'in' && state.isOnline) happen({ tag: 'offline' });
    }),
  ];
  for (const effect of effects) perform(effect);
  effects = [];
  const newest = book.of(conversationId);
  if (newest?.call === call) known = newest;
  if (known.participants.size >= known.p2pMax) paths.prepare();

  return {
    state: store,
    async setMic(on) {
      if (on) await media.setMic(true);
      own.mic = on;
      speak();
    },
    async setCamera(on) {
      await media.setCamera(on);
    },
    async setScreen(on) {
      await media.setScreen(on);
    },
    setDeafened(on) {
      own.deafened = on;
      paths.deafen(on);
      tellState();
      changed();
    },
    setPushToTalk(on) {
      own.pushToTalk = on;
      own.talks = false;
      speak();
    },
    talk(on) {
      own.talks = on;
      speak();
    },
    useDevice: (kind, deviceId) => media.useDevice(kind, deviceId),
    devices: listDevices,
    shown: (other, source, size) => paths.shown(other, source, size),
    mute: async (user, muted) => void (await client.call('call.mute', { ...place, user, muted })),
    broadcast: async (source) => void (await client.call('call.broadcast', { ...place, source })),
    async leave() {
      happen({ tag: 'leave' });
    },
    async end() {
      await client.call('call.end', place);
    },
    put(source, track) {
      if (state.tag === 'ended') return;
      if (source === 'mic' && track !== null) track.enabled = isHeard();
      if (source === 'camera') own.camera = track !== null;
      if (source === 'screen') own.screen = track !== null;
      paths.send(source, track);
      tellState();
      changed();
    },
    notice(notice) {
      if (state.tag === 'ended') return;
      switch (notice.name) {
        case 'voice.closed':
          return happen({ tag: 'out', participant: notice.value.participant, why: notice.value.why });
        case 'voice.moved':
          return happen({ tag: 'moved', isGone: notice.value.why === 'worker' });
        case 'voice.state': {
          const isNew = !states.has(notice.value.participant);
          states.set(notice.value.participant, notice.value.state);
          // They may not have heard mine: it was told before they came.
          if (isNew && known.topology === 'p2p') tellState(true);
          return changed();
        }
        case 'voice.signal':
          return paths.signal(notice.value.from, notice.value.signal);
        case 'voice.speakers':
          return speakers.said(notice.value.speakers.map((each) => each.participant));
        case 'voice.audioOnly':
          isAudioOnly = notice.value.on;
          return changed();
        default:
          return paths.notice(notice);
      }
    },
  };
}
