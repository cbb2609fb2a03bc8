import { elapsed } from '../time/elapsed.js';
import type { CallPaths } from './call-paths.js';
import type { OwnMedia } from './own-media.js';

export type Speakers = {
  speaks(participant: number): boolean;
  /** Who speaks, as a node says it. */
  said(participants: readonly number[]): void;
  close(): void;
};

export type SpeakersOptions = {
  readonly paths: Pick<CallPaths, 'shownTracks' | 'connections'>;
  readonly media: Pick<OwnMedia, 'track'>;
  readonly me: () => number;
  readonly onChange: () => void;
};

const LOOK_MS = 200;
/** Between words nobody stops speaking. */
const HOLD_MS = 600;
/** A node speaks again when somebody is louder or quieter, which they are within so many ms; its last word may have been left out for who was behind. */
const SAID_MS = 5_000;
/** Of 1, as RTCRtpContributingSource has it: -34 dBov, above a quiet room. */
const LOUD = 0.02;

/** Who speaks: by the levels that come with the packets, and by what the node says of those whose packets do not come here. */
export function createSpeakers({ paths, media, me, onChange }: SpeakersOptions): Speakers {
  /** Until when they speak, by their levels, and as it was said. */
  const heard = new Map<number, number>();
  const told = new Map<number, number>();
  /** Whose levels are known here: of them a node, which counts a quiet room too, need not say anything. */
  let measured: ReadonlySet<number> = new Set();
  let isOwnMeasured = false;
  /** When something of a voice was played last: its level stays there for 10 s after that (WebRTC 1.0, 5.3). */
  const played = new WeakMap<RTCRtpReceiver, number>();
  let shown = '';

  const isMeasured = (participant: number): boolean =>
    participant === me() ? isOwnMeasured : measured.has(participant);

  const speaks = (participant: number): boolean =>
    heard.has(participant) || (told.has(participant) && !isMeasured(participant));

  function changed(): void {
    const now = [...new Set([...heard.keys(), ...told.keys()])].filter(speaks).toSorted().join();
    if (now === shown) return;
    shown = now;
    onChange();
  }

  function hear(participant: number, level: number): void {
    if (level > LOUD) heard.set(participant, elapsed() + HOLD_MS);
  }

  /** My own level is told of the track that is sent, wherever it is sent to. */
  async function own(): Promise<void> {
    const track = media.track('mic');
    const sender = paths
      .connections()
      .flatMap((each) => each.getSenders())
      .find((each) => track?.enabled === true && each.track === track);
    let level: number | undefined;
    (await sender?.getStats())?.forEach((each: { readonly type: string; readonly audioLevel?: number }) => {
      if (each.type === 'media-source') level = each.audioLevel;
    });
    isOwnMeasured = level !== undefined;
    hear(me(), level ?? 0);
    changed();
  }

  function others(): readonly number[] {
    return paths.shownTracks().flatMap(({ participant, source, receiver, isPaused }) => {
      if (source !== 'mic' || isPaused) return [];
      const [level] = receiver.getSynchronizationSources();
      if (level?.audioLevel === undefined) return [];
      if (level.timestamp !== played.get(receiver)) hear(participant, level.audioLevel);
      played.set(receiver, level.timestamp);
      return [participant];
    });
  }

  const timer = setInterval(() => {
    void own().catch(() => undefined);
    measured = new Set(others());
    for (const each of [heard, told])
      for (const [participant, end] of each) if (end < elapsed()) each.delete(participant);
    changed();
  }, LOOK_MS);

  return {
    speaks,
    said(participants) {
      for (const [each, end] of told) told.set(each, Math.min(end, elapsed() + HOLD_MS));
      for (const each of participants) told.set(each, elapsed() + SAID_MS);
      changed();
    },
    close: () => clearInterval(timer),
  };
}
