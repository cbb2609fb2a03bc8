import type { Topology } from '@parley/domain/call/call';
import type { RefusalTag } from '@parley/domain/conversation/refusals';

/** How media goes by the newest answer of `voice.enter`; `key` names participant, node and fence: another key is another path. */
export type Way = { readonly key: string; readonly topology: Topology };

/** A way that is built, or carries media. */
export type Path = Way & { readonly path: number; readonly isUp: boolean };

/**
 * One device's part in one call. `path` is the newest way, `old` the one before it, which plays until the newest carries what it did: make before break.
 * Whoever was taken out as lost is back in by joining again, once for each time it was in.
 */
export type InCall = {
  readonly tag: 'in';
  readonly participant: number;
  readonly isOnline: boolean;
  /** The number of the last question, and whether its answer is awaited. */
  readonly asked: number;
  readonly awaits: 'nothing' | 'enter' | 'join';
  /** It has to be asked once more: something has changed since it was asked. */
  readonly isLate: boolean;
  /** Tries in a row that led to no way that carries media. */
  readonly failures: number;
  /** Why the last question was refused, where it is asked again. */
  readonly refusal: RefusalTag | undefined;
  readonly hasRejoined: boolean;
  readonly hasBeenUp: boolean;
  /** How media goes by the log as it is known here, and the seq since when: an answer that is older is not taken. */
  readonly topology: Topology | undefined;
  readonly since: number;
  readonly path: Path | undefined;
  readonly old: Path | undefined;
  /** Paths that were opened, and changes from one to another. */
  readonly paths: number;
  readonly turns: number;
};

export type CallState = InCall | { readonly tag: 'ended'; readonly why: string };

export type CallInput =
  | { readonly tag: 'online' }
  | { readonly tag: 'offline' }
  /** The answer of `voice.enter`: the log was known up to `revision` where it was given. */
  | { readonly tag: 'entered'; readonly asked: number; readonly way: Way; readonly revision: number }
  | { readonly tag: 'joined'; readonly asked: number; readonly participant: number }
  | {
      readonly tag: 'refused';
      readonly asked: number;
      readonly refusal: RefusalTag;
      readonly retryable: boolean;
    }
  /** The log says how media goes from this seq on. */
  | { readonly tag: 'topology'; readonly topology: Topology; readonly seq: number }
  /** `voice.moved`, or a node that says so; `isGone`: what carried media does so no more, even if it is found at the same place. */
  | { readonly tag: 'moved'; readonly isGone: boolean }
  /** This participant is out of the call, by a notice or by the log. */
  | { readonly tag: 'out'; readonly participant: number; readonly why: string }
  /** A path carries what is expected of it. */
  | { readonly tag: 'up'; readonly path: number }
  /** A path carries nothing any more, and does not mend itself. */
  | { readonly tag: 'down'; readonly path: number }
  | { readonly tag: 'retry'; readonly asked: number }
  /** Nobody needs this path any more, of those who are to say so before it is let go of. */
  | { readonly tag: 'finished'; readonly path: number }
  /** The time is up in which, at this change, the path before had to be let go of. */
  | { readonly tag: 'switched'; readonly turn: number }
  | { readonly tag: 'leave' };

export type CallEffect =
  | { readonly tag: 'enter'; readonly asked: number; readonly participant: number }
  | { readonly tag: 'join'; readonly asked: number }
  | { readonly tag: 'open'; readonly path: number; readonly way: Way }
  /** The same way again, with a fresh ticket and fresh ICE servers. */
  | { readonly tag: 'renew'; readonly path: number }
  /** The old way is the newest once more: it has to carry everything again, to be up. */
  | { readonly tag: 'return'; readonly path: number }
  /** Everything comes by a newer path: says so to the others of this one. Comes back as `finished`. */
  | { readonly tag: 'finish'; readonly path: number }
  | { readonly tag: 'close'; readonly path: number }
  /** Comes back as `retry`: after a while that grows with the failures. */
  | { readonly tag: 'wait'; readonly asked: number; readonly failures: number }
  /** Comes back as `switched`, in so many ms. */
  | { readonly tag: 'closeOldIn'; readonly turn: number; readonly ms: number }
  | { readonly tag: 'leave'; readonly participant: number }
  | { readonly tag: 'end'; readonly why: string };

/** Longest time that two paths are there, in ms, whatever comes of the new one: a device that is too slow to build it sooner is better heard by the old one than by none. */
export const SWITCH_MS = 60_000;

/** For how long a path by a node goes on after the new one carries everything to me, in ms: the others may still hear me by it. In a mesh they say when they do not. */
export const LINGER_MS = 2_000;

export type CallStep = { readonly state: CallState; readonly effects: readonly CallEffect[] };

/** Right after `call.start` or `call.join` was answered. */
export function beginCall(participant: number): CallStep {
  return enter({
    tag: 'in',
    participant,
    isOnline: true,
    asked: 0,
    awaits: 'nothing',
    isLate: false,
    failures: 0,
    refusal: undefined,
    hasRejoined: false,
    hasBeenUp: false,
    topology: undefined,
    since: 0,
    path: undefined,
    old: undefined,
    paths: 0,
    turns: 0,
  });
}

/** What comes next, and what is to be done about it. What is late changes nothing; nothing follows the end but leaving, for who had left while they joined again. */
export function callTransition(state: CallState, input: CallInput): CallStep {
  if (state.tag === 'ended')
    return input.tag === 'joined'
      ? stay(state, { tag: 'leave', participant: input.participant })
      : stay(state);
  switch (input.tag) {
    case 'online':
      // A command is sent until it is answered.
      if (state.awaits === 'join') return stay({ ...state, isOnline: true });
      return enter({ ...state, isOnline: true, awaits: 'nothing' });
    case 'offline': {
      // Media goes on without signalling; what was asked has no answer now, but for a command.
      const awaits = state.awaits === 'join' ? 'join' : 'nothing';
      return stay({ ...state, isOnline: false, awaits, isLate: false });
    }
    case 'entered':
      return state.awaits === 'enter' && input.asked === state.asked ? entered(state, input) : stay(state);
    case 'joined':
      return state.awaits === 'join' && input.asked === state.asked
        ? joined(state, input.participant)
        : stay(state);
    case 'refused':
      return state.awaits !== 'nothing' && input.asked === state.asked ? refused(state, input) : stay(state);
    case 'topology': {
      const next = { ...state, topology: input.topology, since: input.seq };
      const isNews = state.path !== undefined && state.path.topology !== input.topology;
      // An answer that is awaited is judged by this when it comes.
      return isNews && state.awaits === 'nothing' ? enter(next) : stay(next);
    }
    case 'moved':
      return enter(input.isGone && state.path ? { ...state, path: { ...state.path, key: '' } } : state);
    case 'out':
      return input.participant === state.participant ? out(state, input.why) : stay(state);
    case 'up':
      return up(state, input.path);
    case 'down':
      return down(state, input.path);
    case 'retry':
      return input.asked === state.asked && state.awaits === 'nothing' ? enter(state) : stay(state);
    case 'finished':
      return input.path === state.old?.path ? withoutOld(state) : stay(state);
    case 'switched':
      return input.turn === state.turns ? withoutOld(state) : stay(state);
    case 'leave': {
      const { participant } = state;
      const over = end(state, 'left');
      return { state: over.state, effects: [{ tag: 'leave', participant }, ...over.effects] };
    }
    default:
      return input satisfies never;
  }
}

/** Asks where media goes; if that is asked already, once more after the answer. */
function enter(state: InCall, ...before: readonly CallEffect[]): CallStep {
  if (!state.isOnline) return stay(state, ...before);
  if (state.awaits !== 'nothing') return stay({ ...state, isLate: true }, ...before);
  const asked = state.asked + 1;
  return stay({ ...state, asked, awaits: 'enter', isLate: false }, ...before, {
    tag: 'enter',
    asked,
    participant: state.participant,
  });
}

function entered(
  before: InCall,
  { way, revision }: { readonly way: Way; readonly revision: number },
): CallStep {
  const state: InCall = { ...before, awaits: 'nothing', refusal: undefined, hasRejoined: false };
  const isOlder = revision < state.since && way.topology !== state.topology;
  if (isOlder) return again(state);
  const next = take(state, way);
  if (!state.isLate) return next;
  const step = enter(next.state as InCall);
  return { state: step.state, effects: [...next.effects, ...step.effects] };
}

function take(before: InCall, way: Way): CallStep {
  const { path, old } = before;
  if (path?.key === way.key) return stay(before, { tag: 'renew', path: path.path });
  const state = { ...before, turns: before.turns + 1 };
  if (path !== undefined && old?.key === way.key) return goBack(state, path, old);
  // Of what is there only one stays: the newest that carries media.
  const kept = path?.isUp ? path : (old ?? path);
  const closes = [path, old].filter((each) => each !== undefined && each !== kept) as Path[];
  const paths = state.paths + 1;
  return stay(
    { ...state, paths, path: { ...way, path: paths, isUp: false }, old: kept },
    ...closes.map(closing),
    { tag: 'open', path: paths, way },
    ...(kept === undefined ? [] : [{ tag: 'closeOldIn', turn: state.turns, ms: SWITCH_MS } as const]),
  );
}

/** What was given up already may carry only a part of what it did: until it is whole again, the way that was to follow it plays. */
function goBack(state: InCall, path: Path, old: Path): CallStep {
  if (!path.isUp)
    return stay({ ...state, path: old, old: undefined }, closing(path), { tag: 'renew', path: old.path });
  return stay(
    { ...state, path: { ...old, isUp: false }, old: path },
    { tag: 'return', path: old.path },
    { tag: 'closeOldIn', turn: state.turns, ms: SWITCH_MS },
  );
}

function refused(
  before: InCall,
  { refusal, retryable }: { readonly refusal: RefusalTag; readonly retryable: boolean },
): CallStep {
  const state: InCall = { ...before, awaits: 'nothing' };
  if (retryable) return again({ ...state, refusal });
  if (refusal === 'CallNotFound') return end(state, 'ended');
  return refusal === 'NotInCall' && before.awaits === 'enter' ? rejoin(state, 'lost') : end(state, refusal);
}

/** Who was lost comes back by itself; who left, was put out or replaced does not. */
function out(state: InCall, why: string): CallStep {
  // The event of its own joining again may come before the answer, and names a newer participant of this device.
  if (state.awaits === 'join' && why === 'replaced') return stay(state);
  return why === 'lost' ? rejoin(state, why) : end(state, why);
}

function rejoin(state: InCall, why: string): CallStep {
  if (state.awaits === 'join') return stay(state);
  if (state.hasRejoined) return end(state, why);
  // Without a connection the log has told us nothing: this was heard before it broke, and is asked when it is back.
  if (!state.isOnline) return stay(state);
  const asked = state.asked + 1;
  return stay({ ...state, asked, awaits: 'join', isLate: false, hasRejoined: true }, { tag: 'join', asked });
}

/** The others let go of who it was when that was taken out: what it would say by those ways now would be heard as said by who it has become. */
function joined(state: InCall, participant: number): CallStep {
  const next: InCall = { ...state, awaits: 'nothing', participant, path: undefined, old: undefined };
  return enter(next, ...openOf(state).map(closing));
}

function up(state: InCall, number: number): CallStep {
  const { path, old } = state;
  if (path?.path !== number || path.isUp) return stay(state);
  const next: InCall = { ...state, failures: 0, hasBeenUp: true, path: { ...path, isUp: true } };
  if (old === undefined) return stay(next);
  return stay(
    next,
    old.topology === 'p2p'
      ? { tag: 'finish', path: old.path }
      : { tag: 'closeOldIn', turn: state.turns, ms: LINGER_MS },
  );
}

function down(state: InCall, number: number): CallStep {
  if (state.old?.path === number) return withoutOld(state);
  const { path, old } = state;
  if (path?.path !== number) return stay(state);
  // What played before is better than nothing, until there is a way again.
  const next: InCall = { ...state, path: old, old: undefined };
  if (old?.topology !== 'p2p' || !path.isUp) return again(next, closing(path));
  // The others were told that it is not needed.
  const taken = { ...next, path: { ...old, isUp: false } };
  return again(taken, closing(path), { tag: 'return', path: old.path });
}

function withoutOld(state: InCall): CallStep {
  const { old } = state;
  return old === undefined ? stay(state) : stay({ ...state, old: undefined }, closing(old));
}

/** After a while; a question that waits for its answer serves as well. */
function again(state: InCall, ...before: readonly CallEffect[]): CallStep {
  const { failures, asked } = state;
  if (!state.isOnline) return stay(state, ...before);
  if (state.awaits !== 'nothing') return stay({ ...state, isLate: true }, ...before);
  return stay({ ...state, failures: failures + 1 }, ...before, { tag: 'wait', asked, failures });
}

function end(state: InCall, why: string): CallStep {
  return { state: { tag: 'ended', why }, effects: [...openOf(state).map(closing), { tag: 'end', why }] };
}

const openOf = ({ path, old }: InCall): readonly Path[] => [path, old].filter((each) => each !== undefined);

const closing = ({ path }: Path): CallEffect => ({ tag: 'close', path });

const stay = (state: CallState, ...effects: readonly CallEffect[]): CallStep => ({ state, effects });
