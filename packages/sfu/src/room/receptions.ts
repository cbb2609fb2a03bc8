import { layersFor } from './layers.js';
import type { Member, Reception, RoomEffect, RoomInput, Track } from './room-state.js';
import type { RoomStep } from './step-room.js';

type Input<T extends RoomInput['tag']> = Extract<RoomInput, { readonly tag: T }>;

/** A member receives over this transport from now on. */
export function receive(step: RoomStep, participant: number, transport: string): readonly RoomEffect[] {
  const member = step.state.members.get(participant);
  if (member?.transports.get(transport)?.direction !== 'recv') return [];
  if (member.receiving === transport) return [...fill(step, member), ...tellAgain(step, member)];
  const consumers = [...member.receptions.values()].flatMap(({ consumer }) => consumer ?? []);
  const effects = stopReceiving(step, member);
  member.receiving = transport;
  return [
    ...effects,
    ...consumers.map((consumer) => ({ tag: 'closeConsumer', consumer }) as const),
    ...fill(step, member),
  ];
}

/** Whoever asks again may have missed what was said meanwhile: a track that is wanted again would not be sent. */
function tellAgain(
  { state }: RoomStep,
  { participant, tracks, audioOnly: on }: Member,
): readonly RoomEffect[] {
  return [
    ...[...tracks.values()].flatMap((producer) => state.tracks.get(producer) ?? []).map(tellWanted),
    { tag: 'tell', to: participant, name: 'voice.audioOnly', value: { on } },
  ];
}

/** What it received is forgotten; whoever asks for this closes it, and says so to the receiver where that is news. */
export function stopReceiving(step: RoomStep, member: Member): readonly RoomEffect[] {
  member.receiving = undefined;
  return [...member.receptions.values()].flatMap((reception) => forget(step, member, reception));
}

/**
 * Begins to receive what the member does not yet, or `only` that, as far as there is room: voices first. Voices are sent at once, video waits until it
 * is said to be shown.
 */
export function fill({ state, limits }: RoomStep, member: Member, only?: Track): readonly RoomEffect[] {
  const { participant, receiving, receptions } = member;
  if (receiving === undefined) return [];
  const tracks = only === undefined ? [...state.tracks.values()].sort(voicesFirst) : [only];
  const effects: RoomEffect[] = [];
  for (const { producer, kind, participant: sender } of tracks) {
    if (receptions.size >= limits.consumers) break;
    if (sender === participant || receptions.has(producer)) continue;
    const paused = kind === 'video';
    receptions.set(producer, { producer, consumer: undefined, paused, size: undefined, layers: undefined });
    effects.push({ tag: 'consume', participant, transport: receiving, producer, paused });
  }
  return effects;
}

/** A consumer is there. It is closed again if who was to have it, or what it is of, has gone meanwhile. */
export function made(step: RoomStep, input: Input<'made'>): readonly RoomEffect[] {
  const { participant, transport, producer, consumer, view } = input;
  const { state } = step;
  const member = state.members.get(participant);
  const reception = member?.receptions.get(producer);
  const track = state.tracks.get(producer);
  const isLate =
    member?.receiving !== transport || reception === undefined || reception.consumer !== undefined;
  if (isLate || track === undefined) return [{ tag: 'closeConsumer', consumer }];
  reception.consumer = consumer;
  state.consumers.set(consumer, { participant, producer });
  const effects = isSent(member, reception, track) ? want(step.now, track, 1) : [];
  if (view === undefined) return effects;
  const value = { fence: member.entered.fence, consumer: view };
  return [...effects, { tag: 'tell', to: participant, name: 'voice.consumer', value }];
}

export function unmade(step: RoomStep, input: Input<'unmade'>): readonly RoomEffect[] {
  const member = step.state.members.get(input.participant);
  const reception = member?.receptions.get(input.producer);
  if (member === undefined || member.receiving !== input.transport || reception === undefined) return [];
  return dropReception(step, member, reception);
}

export function setConsumer(step: RoomStep, input: Input<'setConsumer'>): readonly RoomEffect[] {
  const { consumer, size, priority } = input;
  const place = step.state.consumers.get(consumer);
  const member = place && step.state.members.get(place.participant);
  const reception = place && member?.receptions.get(place.producer);
  const track = place && step.state.tracks.get(place.producer);
  if (member === undefined || reception === undefined || track === undefined) return [];
  const effects: RoomEffect[] = [];
  // The layers first: what is resumed begins with the right ones.
  if (size !== undefined) {
    reception.size = size;
    const layers = track.layering && layersFor(track.layering, size);
    if (layers !== undefined && !isSame(layers, reception.layers)) {
      reception.layers = layers;
      effects.push({ tag: 'setLayers', consumer, layers });
    }
  }
  if (priority !== undefined) effects.push({ tag: 'setPriority', consumer, priority });
  if (input.paused !== undefined && input.paused !== reception.paused)
    effects.push(
      ...changed(step, member, reception, track, () => (reception.paused = input.paused === true)),
    );
  if (input.keyFrame && track.kind === 'video' && isSent(member, reception, track))
    effects.push({ tag: 'keyFrame', consumer });
  return effects;
}

/** Whether so much is lost on the way to a member that video is held back. */
export function audioOnly(step: RoomStep, participant: number, on: boolean): readonly RoomEffect[] {
  const { state } = step;
  const member = state.members.get(participant);
  if (member === undefined || member.audioOnly === on) return [];
  const sent = [...member.receptions.values()].flatMap((reception) => {
    const track = state.tracks.get(reception.producer);
    return track === undefined ? [] : [{ reception, track, before: isSent(member, reception, track) }];
  });
  member.audioOnly = on;
  const effects = sent.flatMap(({ reception, track, before }) =>
    moved(step, member, reception, track, before),
  );
  return [...effects, { tag: 'tell', to: participant, name: 'voice.audioOnly', value: { on } }];
}

export function elsewhere(step: RoomStep, producer: string, wants: boolean): readonly RoomEffect[] {
  const track = step.state.tracks.get(producer);
  return track === undefined ? [] : want(step.now, track, wants ? 1 : -1);
}

/** One ends because what it was of has, or because it failed; its receiver is told. */
export function dropReception(step: RoomStep, member: Member, reception: Reception): readonly RoomEffect[] {
  const { consumer } = reception;
  const effects = forget(step, member, reception);
  if (consumer === undefined) return effects;
  const { participant } = member;
  return [...effects, { tag: 'tell', to: participant, name: 'voice.consumerClosed', value: { consumer } }];
}

function forget({ state, now }: RoomStep, member: Member, reception: Reception): readonly RoomEffect[] {
  const { producer, consumer } = reception;
  member.receptions.delete(producer);
  if (consumer === undefined) return [];
  state.consumers.delete(consumer);
  const track = state.tracks.get(producer);
  return track !== undefined && isSent(member, reception, track) ? want(now, track, -1) : [];
}

/** Whether it is really forwarded, as far as who receives it is concerned. */
const isSent = ({ audioOnly }: Member, { consumer, paused }: Reception, { kind }: Track): boolean =>
  consumer !== undefined && !paused && !(audioOnly && kind === 'video');

function changed(
  step: RoomStep,
  member: Member,
  reception: Reception,
  track: Track,
  change: () => void,
): readonly RoomEffect[] {
  const before = isSent(member, reception, track);
  change();
  return moved(step, member, reception, track, before);
}

function moved(
  step: RoomStep,
  member: Member,
  reception: Reception,
  track: Track,
  before: boolean,
): readonly RoomEffect[] {
  const after = isSent(member, reception, track);
  const { consumer } = reception;
  if (after === before || consumer === undefined) return [];
  return [{ tag: 'pauseConsumer', consumer, paused: !after }, ...want(step.now, track, after ? 1 : -1)];
}

/** Its sender learns whether somebody receives it; of one that was brought, whoever brings it. */
export const tellWanted = ({ transport, participant, producer, wanted }: Track): RoomEffect =>
  transport === undefined
    ? { tag: 'track', producer, change: 'wanted' }
    : { tag: 'tell', to: participant, name: 'voice.wanted', value: { producer, wanted } };

/** That it is received again is told at once; that it is sent in vain, after a while. */
function want(now: number, track: Track, change: 1 | -1): readonly RoomEffect[] {
  track.wants += change;
  if (track.wants === 0) track.unwantedSince = now;
  if (track.wants === 0 || track.wanted) return [];
  track.wanted = true;
  return [tellWanted(track)];
}

const isSame = (a: Reception['layers'], b: Reception['layers']): boolean =>
  a?.spatialLayer === b?.spatialLayer && a?.temporalLayer === b?.temporalLayer;

const voicesFirst = (a: Track, b: Track): number => Number(a.kind === 'video') - Number(b.kind === 'video');
