import {
  audioOnly,
  elsewhere,
  made,
  receive,
  setConsumer,
  stopReceiving,
  tellWanted,
  unmade,
} from './receptions.js';
import {
  isGone,
  isSilenced,
  type Member,
  type RoomEffect,
  type RoomInput,
  type RoomState,
  UNWANTED_MS,
} from './room-state.js';
import type { RoomLimits } from './rooms.js';
import { brought, closeTrack, dropTrack, produced, setPaused, tellPaused } from './tracks.js';

export type RoomStep = {
  readonly state: RoomState;
  /** In ms. */
  readonly now: number;
  readonly limits: Pick<RoomLimits, 'consumers' | 'unconnectedMs'>;
};

type Input<T extends RoomInput['tag']> = Extract<RoomInput, { readonly tag: T }>;

/**
 * What becomes of a room, and what is to be done for it, in this order. Deterministic; changes `state`. What comes late, of somebody or something that is
 * gone, undoes itself.
 */
export function stepRoom(step: RoomStep, input: RoomInput): readonly RoomEffect[] {
  switch (input.tag) {
    case 'attach':
      return attach(step, input);
    case 'opened':
      return opened(step, input);
    case 'link':
      return link(step, input);
    case 'transportClosed':
      return dropTransport(step, input.participant, input.transport);
    case 'produced':
      return produced(step, input);
    case 'brought':
      return brought(step, input);
    case 'setProducer':
      return setPaused(step, input.producer, input.paused);
    case 'producerClosed':
      return closeTrack(step, input.producer);
    case 'receive':
      return receive(step, input.participant, input.transport);
    case 'made':
      return made(step, input);
    case 'unmade':
      return unmade(step, input);
    case 'setConsumer':
      return setConsumer(step, input);
    case 'elsewhere':
      return elsewhere(step, input.producer, input.wants);
    case 'audioOnly':
      return audioOnly(step, input.participant, input.on);
    case 'roster':
      return roster(step, input);
    case 'tick':
      return tick(step);
    default:
      return input satisfies never;
  }
}

function attach(step: RoomStep, input: Input<'attach'>): readonly RoomEffect[] {
  const { members } = step.state;
  const older = [...members.values()].filter(
    ({ participant, user, device }) =>
      participant === input.participant || (user === input.user && device === input.device),
  );
  const effects = older.flatMap((member) => putOut(step, member));
  const { tag: _, ...who } = input;
  members.set(who.participant, {
    ...who,
    since: step.now,
    transports: new Map(),
    tracks: new Map(),
    receiving: undefined,
    receptions: new Map(),
    audioOnly: false,
  });
  return effects;
}

function opened({ state, now }: RoomStep, input: Input<'opened'>): readonly RoomEffect[] {
  const member = state.members.get(input.participant);
  if (member === undefined) return [{ tag: 'closeTransport', transport: input.transport }];
  member.transports.set(input.transport, { direction: input.direction, up: false, since: now });
  return [];
}

function link({ state, now }: RoomStep, input: Input<'link'>): readonly RoomEffect[] {
  const transport = state.members.get(input.participant)?.transports.get(input.transport);
  if (transport === undefined || transport.up === input.up) return [];
  transport.up = input.up;
  transport.since = now;
  return [];
}

/** Everything that goes over it goes with it. */
function dropTransport(step: RoomStep, participant: number, transport: string): readonly RoomEffect[] {
  const member = step.state.members.get(participant);
  if (!member?.transports.delete(transport)) return [];
  const effects: RoomEffect[] = [];
  for (const producer of [...member.tracks.values()]) {
    if (step.state.tracks.get(producer)?.transport === transport) effects.push(...dropTrack(step, producer));
  }
  if (member.receiving === transport) effects.push(...stopReceiving(step, member));
  return effects;
}

function putOut(step: RoomStep, member: Member): readonly RoomEffect[] {
  const { participant, since } = member;
  const effects = [...member.transports.keys()].flatMap((transport) => [
    ...dropTransport(step, participant, transport),
    { tag: 'closeTransport', transport } as const,
  ]);
  step.state.members.delete(participant);
  return [...effects, { tag: 'left', participant, since }];
}

function roster(step: RoomStep, { tag: _, ...facts }: Input<'roster'>): readonly RoomEffect[] {
  const { state } = step;
  if (facts.revision < (state.roster?.revision ?? 0)) return [];
  const heard = new Set(
    [...state.tracks.values()].filter((track) => !isSilenced(state, track)).map(({ producer }) => producer),
  );
  state.roster = facts;
  const effects: RoomEffect[] = [];
  for (const member of [...state.members.values()])
    if (isGone(state, member.participant)) effects.push(...putOut(step, member));
  for (const track of [...state.tracks.values()]) {
    if (isGone(state, track.participant)) effects.push(...closeTrack(step, track.producer));
    else if (heard.has(track.producer) === isSilenced(state, track) && !track.paused)
      effects.push(...tellPaused(step, track));
  }
  return effects;
}

function tick(step: RoomStep): readonly RoomEffect[] {
  const { state, now, limits } = step;
  const effects: RoomEffect[] = [];
  for (const member of state.members.values()) {
    for (const [transport, { up, since }] of [...member.transports]) {
      if (up || now - since < limits.unconnectedMs) continue;
      effects.push(...dropTransport(step, member.participant, transport), {
        tag: 'closeTransport',
        transport,
      });
    }
  }
  for (const track of state.tracks.values()) {
    if (!track.wanted || track.wants > 0 || now - track.unwantedSince < UNWANTED_MS) continue;
    track.wanted = false;
    effects.push(tellWanted(track));
  }
  return effects;
}
