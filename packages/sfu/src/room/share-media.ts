import { layeringOf } from './layers.js';
import type { Media } from './media.js';
import { keepProducer } from './produce.js';
import type { Entered, TrackChange } from './room-state.js';
import type { RoomMedia, RoomTrack } from './rooms.js';

/** What of one life of a room goes elsewhere, and comes from there. */
export type Sharing = {
  sayTrack(producer: string, change: TrackChange): void;
  saySpeakers(participants: readonly number[]): void;
  of(media: Media, fence: number): RoomMedia;
};

export function openSharing(): Sharing {
  const trackListeners = new Set<(producer: string, change: TrackChange) => void>();
  const speakerListeners = new Set<(participants: readonly number[]) => void>();
  return {
    sayTrack(producer, change) {
      for (const listener of trackListeners) listener(producer, change);
    },
    saySpeakers(participants) {
      for (const listener of speakerListeners) listener(participants);
    },
    of: (media, fence) => ({
      router: media.router,
      fence,
      closed: new Promise((resolve) => {
        if (media.closed) resolve();
        else media.router.observer.once('close', () => resolve());
      }),
      tracks: () => [...media.state.tracks.keys()].flatMap((id) => trackOf(media, id) ?? []),
      onTrack: (listener) => listen(trackListeners, listener),
      onSpeakers: (listener) => listen(speakerListeners, listener),
      bring: (track) => bring(media, track),
      setPaused: (producer, paused) => void media.apply({ tag: 'setProducer', producer, paused }),
    }),
  };
}

/** Whoever brings it says when its sender pauses it; a moderator's mute comes with the roster. */
function bring(
  media: Media,
  { participant, user, source, producer, size, entered = LONG_AGO }: Parameters<RoomMedia['bring']>[0],
): void {
  const { id, kind, paused, rtpParameters } = producer;
  const layering = layeringOf(rtpParameters.encodings, source, size);
  keepProducer(media, producer);
  const track = { participant, user, entered, source, kind, producer: id, layering, paused };
  void media.apply({ tag: 'brought', ...track });
}

/** Another node did not say when. */
const LONG_AGO: Entered = { fence: 0, at: 0 };

function trackOf(media: Media, id: string): RoomTrack | undefined {
  const track = media.state.tracks.get(id);
  const producer = media.producers.get(id);
  if (track === undefined || producer === undefined) return undefined;
  const { participant, user, source, layering, entered, paused, wanted, transport } = track;
  const [size, brought] = [layering?.whole, transport === undefined];
  return { participant, user, source, producer, size, entered, paused, wanted, brought };
}

function listen<A>(listeners: Set<A>, listener: A): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
