import { steadyNow } from '@parley/infra/runtime/steady-now';
import { type LifeEffect, type LifeInput, type LifeState, stepLife } from './life-state.js';

/** The life of a node: its state, and the clock by which it finds that it was frozen. */
export type Life = {
  readonly state: LifeState;
  step(input: LifeInput): void;
  /** Resolves when what is carried here is surely here: at once, but for a node that has just woken. False: the node is gone. */
  settled(): Promise<boolean>;
  close(): void;
};

/** Milliseconds between two looks at the clock. */
const LOOK_MS = 250;

/**
 * Milliseconds between two looks after which the process was frozen: less than the second of silence after which gateways take a node for dead and place its
 * calls elsewhere. One that was only busy is asked about its calls for nothing, once.
 */
const FROZEN_MS = 750;

export function openLife(perform: (effect: LifeEffect) => void): Life {
  let state: LifeState = { tag: 'starting' };
  let looked = clock();
  let waiting: ((isHere: boolean) => void)[] = [];

  /** A look that comes too late: the process was stopped, its machine slept, or it was too busy to say that it is there. */
  function look(): void {
    const now = clock();
    const wasFrozen = Math.max(now.wall - looked.wall, now.steady - looked.steady) > FROZEN_MS;
    looked = now;
    if (wasFrozen) step({ tag: 'woke' });
    step({ tag: 'time' });
  }

  function step(input: LifeInput): void {
    const next = stepLife(state, input, steadyNow());
    state = next.state;
    if (state.tag !== 'suspect') {
      const released = waiting;
      waiting = [];
      for (const release of released) release(state.tag !== 'gone');
    }
    for (const effect of next.effects) perform(effect);
  }

  const timer = setInterval(look, LOOK_MS);

  return {
    get state() {
      return state;
    },
    step,
    settled() {
      // A request may be the first thing that a node sees when it wakes.
      look();
      if (state.tag === 'suspect') return new Promise((resolve) => waiting.push(resolve));
      return Promise.resolve(state.tag !== 'gone');
    },
    close: () => clearInterval(timer),
  };
}

const clock = () => ({ wall: Date.now(), steady: performance.now() });
