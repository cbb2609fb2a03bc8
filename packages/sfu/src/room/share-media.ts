import type { Media } from './media.js';
import { keepProducer } from './produce.js';
import { isSilenced } from './room-state.js';
import type { RoomMedia, RoomTrack } from './rooms.js';

/** What of one life of a room goes elsewhere, and comes from there. */
export type Sharing = {
  sayTrack(media: Media, producer: string, there: boolean): void;
  saySpeakers(participants: readonly number[]): void;
  of(media: Media, fence: number): RoomMedia;
};

export function openSharing(): Sharing {
  /** Tracks that were told: of one that goes, mediasoup's object is gone already. */
  const told = new Map<string, RoomTrack>();
  const trackListeners = new Set<(track: RoomTrack, there: boolean) => void>();
  const speakerListeners = new Set<(participants: readonly number[]) => void>();
  return {
    sayTrack(media, producer, there) {
      const track = there ? trackOf(media, producer) : told.get(producer);
      if (track === undefined) return;
      if (there) told.set(producer, track);
      else told.delete(producer);
      for (const listener of trackListeners) listener(track, there);
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

/** Whoever brings it pauses it as its sender does; a moderator's mute comes with the roster. */
function bring(media: Media, { participant, user, source, producer }: Omit<RoomTrack, 'brought'>): void {
  const { id, kind, paused } = producer;
  keepProducer(media, producer);
  const brought = { participant, user, source, kind, producer: id, layering: undefined, paused };
  void media.apply({ tag: 'brought', ...brought });
  const look = (): void => {
    const track = media.state.tracks.get(id);
    if (track === undefined || isSilenced(media.state, track)) return;
    void media.apply({ tag: 'setProducer', producer: id, paused: producer.paused });
  };
  producer.observer.on('pause', look).on('resume', look);
}

function trackOf(media: Media, id: string): RoomTrack | undefined {
  const track = media.state.tracks.get(id);
  const producer = media.producers.get(id);
  if (track === undefined || producer === undefined) return undefined;
  const { participant, user, source } = track;
  return { participant, user, source, producer, brought: track.transport === undefined };
}

function listen<A>(listeners: Set<A>, listener: A): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
