import type { Call } from '@parley/domain/call/call';
import type { ParticipantState, TrackSource } from '@parley/domain/wire/voice';
import type { CallQuality, CallTile } from './call-types.js';
import type { Hearing } from './hearing.js';
import type { Received } from './media-path.js';
import type { OwnMedia } from './own-media.js';

export type TileParts = {
  readonly call: Call;
  readonly me: number;
  readonly own: ParticipantState;
  readonly media: Pick<OwnMedia, 'track'>;
  readonly states: ReadonlyMap<number, ParticipantState>;
  readonly speaks: (participant: number) => boolean;
  /** As it was measured last. */
  readonly hearing: Pick<Hearing, 'quality' | 'byTrack'> | undefined;
  readonly received: readonly Received[];
};

/** Before somebody has said what of theirs is on; of who has nothing on nobody is told when they enter. */
const UNSAID: ParticipantState = { mic: false, camera: false, screen: false, deafened: false };
const SOURCES: readonly TrackSource[] = ['mic', 'camera', 'screen', 'screenAudio'];

/** Everybody in the call, in the order in which they came. A tile in which nothing has changed is the same object. */
export function makeTiles(last: readonly CallTile[], parts: TileParts): readonly CallTile[] {
  const { hearing } = parts;
  const before = new Map(last.map((tile) => [tile.participant, tile]));
  const tiles = [...parts.call.participants.values()]
    .toSorted((one, other) => one.participant - other.participant)
    .map(({ participant, user, device }): CallTile => {
      const isMe = participant === parts.me;
      const theirs = parts.received.filter((each) => each.participant === participant);
      const said = isMe
        ? parts.own
        : (parts.states.get(participant) ?? (parts.call.topology === 'p2p' ? UNSAID : unsaid(theirs)));
      const tracks: { [S in TrackSource]?: MediaStreamTrack } = {};
      for (const source of SOURCES) {
        const track = isMe ? parts.media.track(source) : theirs.find((each) => each.source === source)?.track;
        if (track) tracks[source] = track;
      }
      const muted = parts.call.muted.has(user);
      const tile: CallTile = {
        participant,
        user,
        device,
        isMe,
        mic: said.mic && !muted,
        camera: said.camera,
        screen: said.screen,
        deafened: said.deafened,
        muted,
        speaking: parts.speaks(participant),
        quality: isMe ? (hearing?.quality ?? 'unknown') : qualityOf(hearing, tracks.mic),
        tracks,
      };
      const was = before.get(participant);
      return was !== undefined && isSame(was, tile) ? was : tile;
    });
  return tiles.length === last.length && tiles.every((tile, index) => tile === last[index]) ? last : tiles;
}

/** The same by a node: what is sent there. A mesh has a section for everything, whether or not anything is in it. */
function unsaid(theirs: readonly Received[]): ParticipantState {
  const sends = (wanted: TrackSource): boolean =>
    theirs.some(({ source, isOff }) => source === wanted && !isOff);
  return { mic: sends('mic'), camera: sends('camera'), screen: sends('screen'), deafened: false };
}

const qualityOf = (hearing: TileParts['hearing'], voice: MediaStreamTrack | undefined): CallQuality =>
  (voice && hearing?.byTrack.get(voice.id)) ?? 'unknown';

const isSame = (one: CallTile, other: CallTile): boolean =>
  (Object.keys(other) as (keyof CallTile)[]).every((key) => key === 'tracks' || one[key] === other[key]) &&
  SOURCES.every((source) => one.tracks[source] === other.tracks[source]);
