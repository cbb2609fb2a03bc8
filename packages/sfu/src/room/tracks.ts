import type { TrackSource } from '@parley/domain/wire/voice';
import { dropReception, fill } from './receptions.js';
import {
  type Entered,
  isGone,
  isPaused,
  isSilenced,
  type RoomEffect,
  type RoomInput,
  type Track,
} from './room-state.js';
import type { RoomStep } from './step-room.js';

type Input<T extends RoomInput['tag']> = Extract<RoomInput, { readonly tag: T }>;

/** A participant here sends a track; one that it had of this source is replaced, here or elsewhere, but for one where they have moved to since. */
export function produced(step: RoomStep, input: Input<'produced'>): readonly RoomEffect[] {
  const { participant, transport, source, producer } = input;
  const member = step.state.members.get(participant);
  const others = tracksOf(step, participant, source);
  if (member?.transports.get(transport) === undefined || others.some(isPlacedAfter(member.entered)))
    return [{ tag: 'closeProducer', producer }];
  const effects = others.flatMap((other) => closeTrack(step, other.producer));
  member.tracks.set(source, producer);
  return [...effects, ...begin(step, trackOf(input, member.entered, transport, step.now))];
}

/**
 * A participant elsewhere sends a track. One of where they were before is not taken: they send by their newer way, and would be heard no more when the older one ends. What is not
 * taken is offered again for as long as it is there, so that it comes if the other goes.
 */
export function brought(step: RoomStep, input: Input<'brought'>): readonly RoomEffect[] {
  const { participant, entered, source, producer } = input;
  const others = tracksOf(step, participant, source);
  if (isGone(step.state, participant) || others.some(isOfLater(entered)))
    return [{ tag: 'closeProducer', producer }];
  const effects = others.flatMap((other) => closeTrack(step, other.producer));
  return [...effects, ...begin(step, trackOf(input, entered, undefined, step.now))];
}

/** Its sender pauses or resumes it; whom a moderator has muted stays silent. */
export function setPaused(step: RoomStep, producer: string, paused: boolean): readonly RoomEffect[] {
  const track = step.state.tracks.get(producer);
  if (track === undefined || track.paused === paused) return [];
  track.paused = paused;
  const effects = isSilenced(step.state, track) ? [] : tellPaused(step, track);
  return [...effects, { tag: 'track', producer, change: 'paused' }];
}

export function closeTrack(step: RoomStep, producer: string): readonly RoomEffect[] {
  if (!step.state.tracks.has(producer)) return [];
  return [...dropTrack(step, producer), { tag: 'closeProducer', producer }];
}

/** Whoever received it is told. What had no room for it among its receptions takes up another one. */
export function dropTrack(step: RoomStep, producer: string): readonly RoomEffect[] {
  const { state, limits } = step;
  const track = state.tracks.get(producer);
  if (track === undefined) return [];
  state.tracks.delete(producer);
  const owner = state.members.get(track.participant);
  if (owner?.tracks.get(track.source) === producer) owner.tracks.delete(track.source);
  const effects: RoomEffect[] = [{ tag: 'track', producer, change: 'gone' }];
  for (const member of state.members.values()) {
    const reception = member.receptions.get(producer);
    if (reception === undefined) continue;
    const wasFull = member.receptions.size >= limits.consumers;
    effects.push(...dropReception(step, member, reception));
    if (wasFull) effects.push(...fill(step, member));
  }
  return effects;
}

/** Sets what the server does with it, and tells those who receive it. */
export function tellPaused({ state }: RoomStep, track: Track): readonly RoomEffect[] {
  const paused = isPaused(state, track);
  const effects: RoomEffect[] = [{ tag: 'pauseProducer', producer: track.producer, paused }];
  for (const { participant, receptions } of state.members.values()) {
    const consumer = receptions.get(track.producer)?.consumer;
    if (consumer === undefined) continue;
    const value = { consumer, paused };
    effects.push({ tag: 'tell', to: participant, name: 'voice.consumerPaused', value });
  }
  return effects;
}

function begin(step: RoomStep, track: Track): readonly RoomEffect[] {
  const { state } = step;
  state.tracks.set(track.producer, track);
  const effects: RoomEffect[] = [{ tag: 'track', producer: track.producer, change: 'there' }];
  if (isSilenced(state, track))
    effects.push({ tag: 'pauseProducer', producer: track.producer, paused: true });
  for (const member of state.members.values()) effects.push(...fill(step, member, track));
  return effects;
}

const tracksOf = ({ state }: RoomStep, participant: number, source: TrackSource): readonly Track[] =>
  [...state.tracks.values()].filter((track) => track.participant === participant && track.source === source);

/** Who begins something here is here: of one placement no clock of another node says otherwise. */
const isPlacedAfter =
  ({ fence }: Entered) =>
  ({ entered }: Track): boolean =>
    entered.fence > fence;

const isOfLater =
  ({ fence, at }: Entered) =>
  ({ entered }: Track): boolean =>
    entered.fence > fence || (entered.fence === fence && entered.at > at);

const trackOf = (
  input: Input<'produced'> | Input<'brought'>,
  entered: Entered,
  transport: string | undefined,
  now: number,
): Track => ({
  producer: input.producer,
  participant: input.participant,
  user: input.user,
  source: input.source,
  kind: input.kind,
  entered,
  layering: input.layering,
  paused: input.paused,
  transport,
  wants: 0,
  wanted: true,
  unwantedSince: now,
});
