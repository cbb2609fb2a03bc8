import { backoffMs } from '../backoff.js';
import { RefusalError } from '../refusal-error.js';
import { elapsed } from '../time/elapsed.js';
import { createLanes, type LaneBounds, type LaneEntry } from './lanes.js';

/** Puts commands through, one at a time per lane: again after a break or a retryable refusal, until each is settled. */
export type Sender<C> = {
  /** False when there is no room. */
  add(lane: string, command: C): boolean;
  /** Sends what may go. */
  pump(): void;
  /** The connection broke: what was in flight goes again, under the same ids, when `pump` is called. */
  interrupt(): void;
  /** Lets go of everything. */
  clear(): void;
};

export type SenderOptions<C> = LaneBounds & {
  readonly isOpen: () => boolean;
  readonly request: (command: C) => Promise<unknown>;
  readonly onSent: (command: C) => void;
  /** Not now: it waits, and those behind it. */
  readonly onRested: (command: C) => void;
  readonly onDone: (command: C, result: unknown) => void;
  readonly onRefused: (command: C, error: unknown) => void;
};

export function createSender<C>(options: SenderOptions<C>): Sender<C> {
  const lanes = createLanes<C>(options);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function pump(): void {
    clearTimeout(timer);
    if (!options.isOpen()) return;
    for (const entry of lanes.take(elapsed())) void deliver(entry);
    const { nextAt } = lanes;
    if (nextAt !== undefined) timer = setTimeout(pump, Math.max(0, nextAt - elapsed()));
  }

  async function deliver(entry: LaneEntry<C>): Promise<void> {
    const { command, attempts } = entry;
    options.onSent(command);
    try {
      const result = await options.request(command);
      if (lanes.settle(entry)) options.onDone(command, result);
    } catch (error) {
      if (error instanceof RefusalError && error.retryable) {
        const wait = Math.max(backoffMs(attempts, Math.random()), error.retryAfterMs ?? 0);
        if (lanes.rest(entry, elapsed() + wait)) options.onRested(command);
      } else if (lanes.settle(entry)) options.onRefused(command, error);
    }
    pump();
  }

  return {
    add: lanes.add,
    pump,
    interrupt: lanes.interrupt,
    clear() {
      clearTimeout(timer);
      lanes.clear();
    },
  };
}
