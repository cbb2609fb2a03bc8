import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginCall,
  type CallEffect,
  type CallInput,
  type CallState,
  type CallStep,
  callTransition,
  type InCall,
  LINGER_MS,
  SWITCH_MS,
  type Way,
} from './call-machine.js';

const mesh: Way = { key: '7 p2p', topology: 'p2p' };
const nodeA: Way = { key: '7 a 1', topology: 'sfu' };
const nodeB: Way = { key: '7 b 2', topology: 'sfu' };

/** The steps one after another; the last one's state and effects. */
function after(...inputs: readonly CallInput[]): CallStep {
  let step = beginCall(7);
  for (const input of inputs) step = callTransition(step.state, input);
  return step;
}

const entered = (asked: number, way: Way, revision = 10): CallInput => ({
  tag: 'entered',
  asked,
  way,
  revision,
});
const refused = (
  asked: number,
  refusal: 'NotInCall' | 'CallNotFound' | 'Unavailable' | 'NotAMember',
): CallInput => ({ tag: 'refused', asked, refusal, retryable: refusal === 'Unavailable' });
const tags = ({ effects }: CallStep) => effects.map(({ tag }) => tag);
const inCall = ({ state }: CallStep): InCall => state as InCall;

/** In a mesh that carries media. */
const inMesh = [entered(1, mesh), { tag: 'up', path: 1 }] as const;
/** The mesh plays, and the way by node A is being built as path 2. */
const switching = [...inMesh, { tag: 'topology', topology: 'sfu', seq: 20 }, entered(2, nodeA, 20)] as const;

/** The same the other way round. */
const fromNode = [
  entered(1, nodeA),
  { tag: 'up', path: 1 },
  { tag: 'topology', topology: 'p2p', seq: 20 },
  entered(2, mesh, 20),
] as const;

describe('a call at one client', () => {
  it('asks where media goes as soon as it is in, and builds that way', () => {
    expect(beginCall(7).effects).toEqual([{ tag: 'enter', asked: 1, participant: 7 }]);
    expect(after(entered(1, mesh)).effects).toEqual([{ tag: 'open', path: 1, way: mesh }]);
  });

  it('keeps the path it has, with fresh credentials, when the answer is the same after a reconnect', () => {
    const step = after(...inMesh, { tag: 'offline' }, { tag: 'online' });
    expect(tags(step)).toEqual(['enter']);
    expect(callTransition(step.state, entered(2, mesh)).effects).toEqual([{ tag: 'renew', path: 1 }]);
  });

  it('lets a mesh play while the new path is built, and until the others do not need it either', () => {
    const step = after(...switching);
    expect(step.effects).toEqual([
      { tag: 'open', path: 2, way: nodeA },
      { tag: 'closeOldIn', turn: 2, ms: SWITCH_MS },
    ]);
    const up = callTransition(step.state, { tag: 'up', path: 2 });
    expect(up.effects).toEqual([{ tag: 'finish', path: 1 }]);
    expect(callTransition(up.state, { tag: 'finished', path: 2 })).toEqual({ state: up.state, effects: [] });
    expect(callTransition(up.state, { tag: 'finished', path: 1 }).effects).toEqual([
      { tag: 'close', path: 1 },
    ]);
  });

  it('lets a node play for a while after the new path carries everything', () => {
    const up = after(...fromNode, { tag: 'up', path: 2 });
    expect(up.effects).toEqual([{ tag: 'closeOldIn', turn: 2, ms: LINGER_MS }]);
    expect(callTransition(up.state, { tag: 'switched', turn: 2 }).effects).toEqual([
      { tag: 'close', path: 1 },
    ]);
  });

  it('lets go of the old path in time, also when the new one never carries anything', () => {
    expect(after(...switching, { tag: 'switched', turn: 2 }).effects).toEqual([{ tag: 'close', path: 1 }]);
    expect(after(...switching, { tag: 'switched', turn: 1 }).effects).toEqual([]);
  });

  it('goes back to the old path where that is right again', () => {
    const step = after(...switching, { tag: 'topology', topology: 'p2p', seq: 30 }, entered(3, mesh, 30));
    expect(step.effects).toEqual([
      { tag: 'close', path: 2 },
      { tag: 'renew', path: 1 },
    ]);
    expect(inCall(step)).toMatchObject({ path: { path: 1 }, old: undefined });
  });

  it('goes back to a path that the others may have given up only once it carries everything again', () => {
    const up = [...switching, { tag: 'up', path: 2 }] as const;
    const step = after(...up, { tag: 'topology', topology: 'p2p', seq: 30 }, entered(3, mesh, 30));
    expect(step.effects).toEqual([
      { tag: 'return', path: 1 },
      { tag: 'closeOldIn', turn: 3, ms: SWITCH_MS },
    ]);
    expect(inCall(step)).toMatchObject({ path: { path: 1, isUp: false }, old: { path: 2, isUp: true } });
    // Of the change before.
    expect(tags(callTransition(step.state, { tag: 'switched', turn: 2 }))).toEqual([]);
    expect(tags(callTransition(step.state, { tag: 'finished', path: 1 }))).toEqual([]);
  });

  it('has no third path: of two that are there the one that carries media stays', () => {
    const late = [{ tag: 'moved', isGone: false }, entered(3, nodeB, 21)] as const;
    expect(after(...switching, ...late).effects[0]).toEqual({ tag: 'close', path: 2 });
    expect(after(...switching, { tag: 'up', path: 2 }, ...late).effects[0]).toEqual({
      tag: 'close',
      path: 1,
    });
  });

  it('does not take an answer that is older than what the log has told it', () => {
    const step = after(...inMesh, { tag: 'topology', topology: 'sfu', seq: 20 }, entered(2, mesh, 19));
    expect(tags(step)).toEqual(['wait']);
    expect(tags(callTransition(step.state, { tag: 'retry', asked: 2 }))).toEqual(['enter']);
  });

  it('asks once more when the call has moved while it was asking', () => {
    const step = after({ tag: 'moved', isGone: false }, entered(1, nodeA));
    expect(step.effects).toEqual([
      { tag: 'open', path: 1, way: nodeA },
      { tag: 'enter', asked: 2, participant: 7 },
    ]);
  });

  it('builds the same way again when what carried media is gone', () => {
    const step = after(
      entered(1, nodeA),
      { tag: 'up', path: 1 },
      { tag: 'moved', isGone: true },
      entered(2, nodeA),
    );
    expect(step.effects[0]).toEqual({ tag: 'open', path: 2, way: nodeA });
  });

  it('looks for a way again when its only path is down, and plays the old one where there is one', () => {
    const alone = after(entered(1, nodeA), { tag: 'up', path: 1 }, { tag: 'down', path: 1 });
    expect(tags(alone)).toEqual(['close', 'wait']);
    expect(tags(callTransition(alone.state, { tag: 'retry', asked: 1 }))).toEqual(['enter']);
    const both = after(...switching, { tag: 'down', path: 2 });
    expect(tags(both)).toEqual(['close', 'wait']);
    expect(inCall(both)).toMatchObject({ path: { path: 1 }, old: undefined });
  });

  it('says that it needs a mesh after all where what was to follow it is down', () => {
    const step = after(...switching, { tag: 'up', path: 2 }, { tag: 'down', path: 2 });
    expect(step.effects).toEqual([
      { tag: 'close', path: 2 },
      { tag: 'return', path: 1 },
      { tag: 'wait', asked: 2, failures: 0 },
    ]);
    expect(inCall(step)).toMatchObject({ path: { path: 1, isUp: false }, old: undefined });
    const back = callTransition(step.state, { tag: 'up', path: 1 });
    expect(inCall(back)).toMatchObject({ path: { path: 1, isUp: true }, old: undefined });
  });

  it('joins again when it was taken out as lost, once', () => {
    const lost = after(...inMesh, { tag: 'offline' }, { tag: 'online' }, refused(2, 'NotInCall'));
    expect(lost.effects).toEqual([{ tag: 'join', asked: 3 }]);
    const again = callTransition(lost.state, { tag: 'joined', asked: 3, participant: 40 });
    expect(again.effects).toEqual([
      { tag: 'close', path: 1 },
      { tag: 'enter', asked: 4, participant: 40 },
    ]);
    expect(callTransition(again.state, refused(4, 'NotInCall')).effects).toEqual([
      { tag: 'end', why: 'lost' },
    ]);
  });

  it('says nothing by the ways of who it was, once it is somebody else', () => {
    const back = after(
      ...switching,
      { tag: 'out', participant: 7, why: 'lost' },
      { tag: 'joined', asked: 3, participant: 40 },
    );
    expect(tags(back)).toEqual(['close', 'close', 'enter']);
    const opened = callTransition(back.state, entered(4, { key: '40 p2p', topology: 'p2p' }, 40));
    expect(tags(opened)).toEqual(['open']);
    expect(callTransition(opened.state, { tag: 'up', path: 3 }).effects).toEqual([]);
  });

  it('goes on joining again where its line is cut meanwhile, and enters as who it has become', () => {
    const cut = after(...inMesh, { tag: 'out', participant: 7, why: 'lost' }, { tag: 'offline' });
    const back = callTransition(cut.state, { tag: 'online' });
    expect(back.effects).toEqual([]);
    const heard = callTransition(back.state, { tag: 'out', participant: 7, why: 'replaced' });
    const { asked } = inCall(heard);
    expect(callTransition(heard.state, { tag: 'joined', asked, participant: 40 }).effects).toEqual([
      { tag: 'close', path: 1 },
      { tag: 'enter', asked: asked + 1, participant: 40 },
    ]);
    const early = callTransition(cut.state, { tag: 'joined', asked, participant: 40 });
    expect(early.effects).toEqual([{ tag: 'close', path: 1 }]);
    expect(callTransition(early.state, { tag: 'online' }).effects).toEqual([
      { tag: 'enter', asked: asked + 1, participant: 40 },
    ]);
  });

  it('does not take its own joining again for somebody else, whichever comes first', () => {
    const joining = after(...inMesh, { tag: 'out', participant: 7, why: 'lost' });
    const step = callTransition(joining.state, { tag: 'out', participant: 7, why: 'replaced' });
    expect(step).toEqual({ state: joining.state, effects: [] });
  });

  it.each(['ended', 'removed', 'replaced', 'elsewhere', 'left'])('ends when it is out of it: %s', (why) => {
    const step = after(...switching, { tag: 'out', participant: 7, why });
    expect(step.state).toEqual({ tag: 'ended', why });
    expect(tags(step)).toEqual(['close', 'close', 'end']);
  });

  it.each([
    ['CallNotFound', 'ended'],
    ['NotAMember', 'NotAMember'],
  ] as const)('ends when it is refused as %s', (refusal, why) => {
    expect(after(refused(1, refusal)).state).toEqual({ tag: 'ended', why });
  });

  it('waits longer with each try that leads nowhere, and not any more once something plays', () => {
    const first = after(refused(1, 'Unavailable'));
    expect(first.effects).toEqual([{ tag: 'wait', asked: 1, failures: 0 }]);
    const second = after(refused(1, 'Unavailable'), { tag: 'retry', asked: 1 }, refused(2, 'Unavailable'));
    expect(second.effects).toEqual([{ tag: 'wait', asked: 2, failures: 1 }]);
    expect(
      inCall(
        after(refused(1, 'Unavailable'), { tag: 'retry', asked: 1 }, entered(2, mesh), {
          tag: 'up',
          path: 1,
        }),
      ).failures,
    ).toBe(0);
  });

  it('tells the log when it leaves', () => {
    expect(after(...inMesh, { tag: 'leave' }).effects).toEqual([
      { tag: 'leave', participant: 7 },
      { tag: 'close', path: 1 },
      { tag: 'end', why: 'left' },
    ]);
  });
});

/** Every input in every state: what is done is named, so that nothing changes by accident. */
const states: Readonly<Record<string, readonly CallInput[]>> = {
  asking: [],
  'between two tries': [refused(1, 'Unavailable')],
  'building its first way': [entered(1, mesh)],
  playing: inMesh,
  'asking while it plays': [...inMesh, { tag: 'moved', isGone: false }],
  switching,
  finishing: [...switching, { tag: 'up', path: 2 }],
  'offline while it plays': [...inMesh, { tag: 'offline' }],
  'joining again': [...inMesh, { tag: 'out', participant: 7, why: 'lost' }],
  'offline as it joins again': [...inMesh, { tag: 'out', participant: 7, why: 'lost' }, { tag: 'offline' }],
  ended: [{ tag: 'leave' }],
};
const inputs: Readonly<Record<string, (state: CallState) => CallInput>> = {
  online: () => ({ tag: 'online' }),
  offline: () => ({ tag: 'offline' }),
  entered: (state) => entered(state.tag === 'in' ? state.asked : 1, nodeB, 50),
  'entered late': () => entered(0, nodeB),
  joined: (state) => ({ tag: 'joined', asked: state.tag === 'in' ? state.asked : 1, participant: 9 }),
  refused: (state) => refused(state.tag === 'in' ? state.asked : 1, 'Unavailable'),
  topology: () => ({ tag: 'topology', topology: 'sfu', seq: 40 }),
  moved: () => ({ tag: 'moved', isGone: false }),
  'out as lost': () => ({ tag: 'out', participant: 7, why: 'lost' }),
  'another one out': () => ({ tag: 'out', participant: 8, why: 'ended' }),
  up: (state) => ({ tag: 'up', path: (state.tag === 'in' && state.path?.path) || 1 }),
  down: (state) => ({ tag: 'down', path: (state.tag === 'in' && state.path?.path) || 1 }),
  retry: (state) => ({ tag: 'retry', asked: state.tag === 'in' ? state.asked : 1 }),
  finished: (state) => ({ tag: 'finished', path: (state.tag === 'in' && state.old?.path) || 1 }),
  switched: (state) => ({ tag: 'switched', turn: state.tag === 'in' ? state.turns : 1 }),
  leave: () => ({ tag: 'leave' }),
};
const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  asking: { online: 'enter', entered: 'open', refused: 'wait', 'out as lost': 'join', leave: 'leave end' },
  'between two tries': {
    online: 'enter',
    moved: 'enter',
    'out as lost': 'join',
    retry: 'enter',
    leave: 'leave end',
  },
  'building its first way': {
    online: 'enter',
    topology: 'enter',
    moved: 'enter',
    'out as lost': 'join',
    down: 'close wait',
    retry: 'enter',
    leave: 'leave close end',
  },
  playing: {
    online: 'enter',
    topology: 'enter',
    moved: 'enter',
    'out as lost': 'join',
    down: 'close wait',
    retry: 'enter',
    leave: 'leave close end',
  },
  'asking while it plays': {
    online: 'enter',
    entered: 'open closeOldIn',
    refused: 'wait',
    'out as lost': 'join',
    down: 'close',
    leave: 'leave close end',
  },
  switching: {
    online: 'enter',
    moved: 'enter',
    'out as lost': 'join',
    up: 'finish',
    down: 'close wait',
    retry: 'enter',
    finished: 'close',
    switched: 'close',
    leave: 'leave close close end',
  },
  finishing: {
    online: 'enter',
    moved: 'enter',
    'out as lost': 'join',
    down: 'close return wait',
    retry: 'enter',
    finished: 'close',
    switched: 'close',
    leave: 'leave close close end',
  },
  'offline while it plays': { online: 'enter', down: 'close', leave: 'leave close end' },
  'joining again': {
    joined: 'close enter',
    refused: 'wait',
    down: 'close',
    leave: 'leave close end',
  },
  'offline as it joins again': { joined: 'close', down: 'close', leave: 'leave close end' },
  ended: { joined: 'leave' },
};

describe('the table of a call', () => {
  const cells = Object.keys(states).flatMap((state) =>
    Object.keys(inputs).map((input) => [state, input] as const),
  );
  it.each(cells)('%s: %s', (name, input) => {
    const { state } = after(...(states[name] as readonly CallInput[]));
    const step = callTransition(state, (inputs[input] as (state: CallState) => CallInput)(state));
    expect(tags(step).join(' ')).toBe(table[name]?.[input] ?? '');
  });
});

/** A world for the machine: servers that answer in any order, a log that moves on, time, paths that come up or fail. */
type Move =
  | { readonly tag: 'answer'; readonly late: boolean }
  | { readonly tag: 'place'; readonly way: 0 | 1 | 2; readonly hear: 'log' | 'notice' | 'none' }
  | { readonly tag: 'hear' }
  | { readonly tag: 'line'; readonly isUp: boolean }
  | { readonly tag: 'path'; readonly isUp: boolean }
  | { readonly tag: 'others' }
  | { readonly tag: 'lost' }
  | { readonly tag: 'time'; readonly ms: number };

const moves: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ tag: fc.constant('answer' as const), late: fc.boolean() }),
  fc.record({
    tag: fc.constant('place' as const),
    way: fc.constantFrom(0 as const, 1 as const, 2 as const),
    hear: fc.constantFrom('log' as const, 'notice' as const, 'none' as const),
  }),
  fc.record({ tag: fc.constant('hear' as const) }),
  fc.record({ tag: fc.constant('line' as const), isUp: fc.boolean() }),
  fc.record({ tag: fc.constant('path' as const), isUp: fc.boolean() }),
  fc.record({ tag: fc.constant('others' as const) }),
  fc.record({ tag: fc.constant('lost' as const) }),
  fc.record({ tag: fc.constant('time' as const), ms: fc.integer({ min: 10, max: 4_000 }) }),
);

function world() {
  let state: CallState;
  let now = 0;
  let seq = 10;
  let place: Way = mesh;
  let participant = 7;
  let questions: { asked: number; way: Way; revision: number; isJoin: boolean }[] = [];
  let timers: { at: number; input: CallInput }[] = [];
  const open = new Map<number, { way: Way; since: number }>();
  let untold: CallInput[] = [];
  let togetherSince: number | undefined;
  let finishing = 0;
  let ends = 0;
  /** What the others were told that it is not needed. */
  const given = new Set<number>();
  const seen = { longest: 0, most: 0, strange: 0, given: 0 };
  const mine = (): string => `${state.tag === 'in' ? state.participant : participant} `;
  const wayOf = ({ key, topology }: Way): Way => ({ key: key.replace('7 ', mine()), topology });

  function step(next: CallStep): void {
    state = next.state;
    for (const effect of next.effects) perform(effect);
    seen.most = Math.max(seen.most, open.size);
    for (const { way } of open.values()) if (!way.key.startsWith(mine())) seen.strange++;
    if (state.tag === 'in' && state.path && given.has(state.path.path)) seen.given++;
    if (open.size < 2) togetherSince = undefined;
    else togetherSince ??= now;
  }
  function perform(effect: CallEffect): void {
    if (effect.tag === 'enter')
      questions.push({ asked: effect.asked, way: wayOf(place), revision: seq, isJoin: false });
    if (effect.tag === 'join')
      questions.push({ asked: effect.asked, way: place, revision: seq, isJoin: true });
    if (effect.tag === 'open') {
      open.set(effect.path, { way: effect.way, since: now });
      togetherSince = undefined;
    }
    // It is the newest from now on, and as new as one that was opened.
    if (effect.tag === 'return') togetherSince = undefined;
    if (effect.tag === 'return') given.delete(effect.path);
    if (effect.tag === 'finish') {
      finishing = effect.path;
      given.add(effect.path);
    }
    if (effect.tag === 'close') open.delete(effect.path);
    if (effect.tag === 'wait') timers.push({ at: now + 500, input: { tag: 'retry', asked: effect.asked } });
    if (effect.tag === 'closeOldIn')
      timers.push({ at: now + effect.ms, input: { tag: 'switched', turn: effect.turn } });
    if (effect.tag === 'end') ends++;
  }
  const happen = (input: CallInput): void => step(callTransition(state, input));
  function answer(index: number): void {
    const [question] = questions.splice(index, 1);
    if (question === undefined) return;
    const { asked, way, revision, isJoin } = question;
    happen(isJoin ? { tag: 'joined', asked, participant: ++participant } : entered(asked, way, revision));
  }
  function pass(ms: number): void {
    const end = now + ms;
    for (;;) {
      const due = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      timers = timers.filter((each) => each !== due);
      now = Math.max(now, due.at);
      if (togetherSince !== undefined) seen.longest = Math.max(seen.longest, now - togetherSince);
      happen(due.input);
    }
    now = end;
    if (togetherSince !== undefined) seen.longest = Math.max(seen.longest, now - togetherSince);
  }
  step(beginCall(7));
  return {
    seen,
    get state() {
      return state;
    },
    get ends() {
      return ends;
    },
    get participant() {
      return participant;
    },
    open,
    place: () => wayOf(place),
    happen,
    play(move: Move): void {
      switch (move.tag) {
        case 'answer':
          return answer(move.late ? questions.length - 1 : 0);
        case 'place': {
          place = [mesh, nodeA, nodeB][move.way] as Way;
          seq++;
          const news: CallInput =
            move.hear === 'notice'
              ? { tag: 'moved', isGone: false }
              : { tag: 'topology', topology: place.topology, seq };
          if (move.hear !== 'none') untold.push(news);
          else untold.push({ tag: 'moved', isGone: false });
          return;
        }
        case 'hear': {
          const [news, ...rest] = untold;
          untold = rest;
          if (news !== undefined) happen(news);
          return;
        }
        case 'line':
          if (!move.isUp) questions = questions.filter(({ isJoin }) => isJoin);
          return happen({ tag: move.isUp ? 'online' : 'offline' });
        case 'path':
          if (state.tag === 'in' && state.path)
            happen({ tag: move.isUp ? 'up' : 'down', path: state.path.path });
          return;
        case 'others':
          return happen({ tag: 'finished', path: finishing });
        case 'lost':
          if (state.tag === 'in' && !state.hasRejoined)
            happen({ tag: 'out', participant: state.participant, why: 'lost' });
          return;
        case 'time':
          return pass(move.ms);
        default:
          return move satisfies never;
      }
    },
    /** Everything that is on its way arrives, and the world stands still. */
    settle(): void {
      happen({ tag: 'online' });
      for (const news of untold.splice(0)) happen(news);
      happen({ tag: 'topology', topology: place.topology, seq });
      for (let round = 0; round < 20; round++) {
        while (questions.length > 0) answer(0);
        if (state.tag === 'in' && state.path) happen({ tag: 'up', path: state.path.path });
        pass(6_000);
      }
    },
  };
}

describe('any order of moved, topology, reconnects, losses, failures and time', () => {
  const played = fc.array(moves, { maxLength: 60 });

  it('ends on the newest placement, by one path', () => {
    fc.assert(
      fc.property(played, (all) => {
        const it = world();
        for (const move of all) it.play(move);
        it.settle();
        expect(it.state).toMatchObject({
          tag: 'in',
          path: { key: it.place().key, isUp: true },
          old: undefined,
        });
        expect([...it.open.values()].map(({ way }) => way)).toEqual([it.place()]);
        expect(it.ends).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('never has more than two paths, and two for no longer than a switch may take', () => {
    fc.assert(
      fc.property(played, (all) => {
        const it = world();
        for (const move of all) it.play(move);
        expect(it.seen.most).toBeLessThanOrEqual(2);
        expect(it.seen.longest).toBeLessThanOrEqual(SWITCH_MS);
      }),
      { numRuns: 300 },
    );
  });

  it('has no path of who it was before it joined again', () => {
    fc.assert(
      fc.property(played, (all) => {
        const it = world();
        for (const move of all) it.play(move);
        expect(it.seen.strange).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('goes by no path that it has given up, unless it says so', () => {
    const finishing: readonly Move[] = [
      { tag: 'answer', late: false },
      { tag: 'path', isUp: true },
      { tag: 'place', way: 1, hear: 'log' },
      { tag: 'hear' },
      { tag: 'answer', late: false },
      { tag: 'path', isUp: true },
    ];
    fc.assert(
      fc.property(played, (all) => {
        const it = world();
        for (const move of [...finishing, ...all]) it.play(move);
        expect(it.seen.given).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('ends exactly once, and closes what is open', () => {
    fc.assert(
      fc.property(played, played, (before, later) => {
        const it = world();
        for (const move of before) it.play(move);
        it.happen({ tag: 'out', participant: it.participant, why: 'ended' });
        for (const move of later) it.play(move);
        it.happen({ tag: 'leave' });
        expect(it.state).toEqual({ tag: 'ended', why: 'ended' });
        expect(it.ends).toBe(1);
        expect(it.open.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
