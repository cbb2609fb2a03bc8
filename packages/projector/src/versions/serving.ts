import { EventEmitter, once } from 'node:events';
import type { Work } from '../beside.js';

/** What a process has at work outside the rows for the build that is served. */
export type Effects = {
  /** Ends what is in hand. */
  close(): Promise<void>;
};

/** Which build is served, as far as this process knows, and what it does for it. */
export type Serving<E extends Effects> = {
  /** What is at work for whichever is served. */
  readonly current: E | undefined;
  /** What is at work for this version; undefined while another is served. */
  effectsOf(version: number): E | undefined;
  /** Ends what is at work for the version that was served, and begins it for another: undefined where this code does not know its model. */
  moveTo(version: number | undefined): void;
  /** Work that is done as long as a version is served, anew each time it is: until the signal that it is given is aborted. */
  whileServed(version: number, work: (effects: E, signal: AbortSignal) => Promise<void>): Work;
  close(): Promise<void>;
};

/** Nothing is at work until the first move. */
export function openServing<E extends Effects>(begin: (version: number) => E): Serving<E> {
  const moves = new EventEmitter().setMaxListeners(0);
  const ending = new Set<Promise<void>>();
  let term: { readonly version: number; readonly effects: E; readonly stop: AbortController } | undefined;

  function end(): void {
    if (term === undefined) return;
    term.stop.abort();
    const ended: Promise<void> = term.effects.close().finally(() => ending.delete(ended));
    ending.add(ended);
    term = undefined;
  }

  function moveTo(version: number | undefined): void {
    if (version === term?.version) return;
    end();
    if (version !== undefined) term = { version, effects: begin(version), stop: new AbortController() };
    moves.emit('moved');
  }

  return {
    get current() {
      return term?.effects;
    },
    effectsOf: (version) => (version === term?.version ? term?.effects : undefined),
    moveTo,
    whileServed: (version, work) => async (signal) => {
      while (!signal.aborted) {
        if (term?.version === version) await work(term.effects, AbortSignal.any([signal, term.stop.signal]));
        else await once(moves, 'moved', { signal }).catch(() => undefined);
      }
    },
    async close() {
      moveTo(undefined);
      await Promise.all(ending);
    },
  };
}
