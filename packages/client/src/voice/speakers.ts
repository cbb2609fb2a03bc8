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
/** Of 1, as RTCRtpContributingSource has it: -34 dBov, above a quiet room. */
const LOUD = 0.02;

/** Who speaks: by the levels that come with the packets, and by what the node says of those whose packets do not come here. */
export function createSpeakers({ paths, media, me, onChange }: SpeakersOptions): Speakers {
  const until = new Map<number, number>();

  function heard(participant: number): void {
    const was = until.has(participant);
    until.set(participant, elapsed() + HOLD_MS);
    if (!was) onChange();
  }

  /** My own level is told of the track that is sent, wherever it is sent to. */
  async function own(): Promise<void> {
    const track = media.track('mic');
    if (track?.enabled !== true) return;
    const sender = paths
      .connections()
      .flatMap((each) => each.getSenders())
      .find((each) => each.track === track);
    const report = await sender?.getStats();
    report?.forEach((each: { readonly type: string; readonly audioLevel?: number }) => {
      if (each.type === 'media-source' && (each.audioLevel ?? 0) > LOUD) heard(me());
    });
  }

  const timer = setInterval(() => {
    void own().catch(() => undefined);
    for (const { participant, source, receiver } of paths.shownTracks()) {
      if (source !== 'mic') continue;
      const [level] = receiver.getSynchronizationSources();
      if (level !== undefined && (level.audioLevel ?? 0) > LOUD) heard(participant);
    }
    for (const [participant, end] of until)
      if (end < elapsed()) {
        until.delete(participant);
        onChange();
      }
  }, LOOK_MS);

  return {
    speaks: (participant) => until.has(participant),
    said: (participants) => participants.forEach(heard),
    close: () => clearInterval(timer),
  };
}
