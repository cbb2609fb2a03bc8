import { dropReception, fill } from './receptions.js';
import { isPaused, isSilenced, type RoomEffect, type RoomInput, type Track } from './room-state.js';
import type { RoomStep } from './step-room.js';

type Input<T extends RoomInput['tag']> = Extract<RoomInput, { readonly tag: T }>;

/** A participant here sends a track; one that it had of this source is replaced. */
export function produced(step: RoomStep, input: Input<'produced'>): readonly RoomEffect[] {
  const member = step.state.members.get(input.participant);
  if (member?.transports.get(input.transport) === undefined)
    return [{ tag: 'closeProducer', producer: input.producer }];
  const older = member.tracks.get(input.source);
  const effects = older === undefined ? [] : closeTrack(step, older);
  member.tracks.set(input.source, input.producer);
  return [...effects, ...begin(step, trackOf(input, input.transport, step.now))];
}

/** A participant elsewhere sends a track. */
export function brought(step: RoomStep, input: Input<'brought'>): readonly RoomEffect[] {
  const older = [...step.state.tracks.values()].filter(
    ({ participant, source }) => participant === input.participant && source === input.source,
  );
  const effects = older.flatMap(({ producer }) => closeTrack(step, producer));
  return [...effects, ...begin(step, trackOf(input, undefined, step.now))];
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

const trackOf = (
  input: Input<'produced'> | Input<'brought'>,
  transport: string | undefined,
  now: number,
): Track => ({
  producer: input.producer,
  participant: input.participant,
  user: input.user,
  source: input.source,
  kind: input.kind,
  layering: input.layering,
  paused: input.paused,
  transport,
  wants: 0,
  wanted: true,
  unwantedSince: now,
});
