import { backoffMs } from '../backoff.js';
import type { ParleyClient } from '../parley-client.js';
import { asRefusal } from '../refusal-error.js';
import type { Accesses } from './accesses.js';
import {
  beginCall,
  type CallEffect,
  type CallInput,
  type CallState,
  callTransition,
  type Way,
} from './call-machine.js';
import type { CallPaths } from './call-paths.js';

/** Runs the machine of a call: does what it wants done, and tells it what came of it. */
export type CallDriver = {
  readonly state: CallState;
  /** The seq of the event by which this device entered last. */
  readonly participant: number;
  /** A gateway knows this participant. */
  readonly hasEntered: boolean;
  begin(): void;
  happen(input: CallInput): void;
};

export type CallDriverOptions = {
  readonly client: Pick<ParleyClient, 'call'>;
  readonly place: { readonly conversationId: string; readonly call: number };
  readonly participant: number;
  readonly accesses: Pick<Accesses, 'enter'>;
  readonly paths: Pick<CallPaths, 'open' | 'renew' | 'returnTo' | 'finish' | 'close'>;
  readonly onEntered: () => void;
  readonly onOpened: (way: Way) => void;
  readonly onEnd: () => void;
  readonly onChange: () => void;
};

/** Between two tries to find a way for media. */
const RETRY = { baseMs: 200, capMs: 5_000 };

export function createCallDriver(options: CallDriverOptions): CallDriver {
  const { client, place, accesses, paths } = options;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const begun = beginCall(options.participant);
  let { state } = begun;
  let { participant } = options;
  let hasEntered = false;

  function happen(input: CallInput): void {
    const step = callTransition(state, input);
    state = step.state;
    for (const effect of step.effects) perform(effect);
    options.onChange();
  }

  function perform(effect: CallEffect): void {
    switch (effect.tag) {
      case 'enter':
        return void enter(effect.asked, effect.participant);
      case 'join':
        return void join(effect.asked);
      case 'open':
        paths.open(effect.path, effect.way);
        return options.onOpened(effect.way);
      case 'renew':
        return paths.renew(effect.path);
      case 'return':
        return paths.returnTo(effect.path);
      case 'finish':
        return paths.finish(effect.path);
      case 'close':
        return paths.close(effect.path);
      case 'wait':
        return later(backoffMs(effect.failures + 1, Math.random(), RETRY), {
          tag: 'retry',
          asked: effect.asked,
        });
      case 'closeOldIn':
        return later(effect.ms, { tag: 'switched', turn: effect.turn });
      case 'leave':
        void client.call('call.leave', { ...place, participant: effect.participant }).catch(() => undefined);
        return;
      case 'end':
        for (const timer of timers) clearTimeout(timer);
        return options.onEnd();
      default:
        return effect satisfies never;
    }
  }

  function later(ms: number, input: CallInput): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      happen(input);
    }, ms);
    timers.add(timer);
  }

  async function enter(asked: number, mine: number): Promise<void> {
    try {
      const { way, revision } = await accesses.enter(mine);
      hasEntered = true;
      happen({ tag: 'entered', asked, way, revision });
      options.onEntered();
    } catch (error) {
      const { tag: refusal, retryable } = asRefusal(error);
      happen({ tag: 'refused', asked, refusal, retryable });
    }
  }

  async function join(asked: number): Promise<void> {
    try {
      const answer = await client.call('call.join', place);
      participant = answer.seq;
      happen({ tag: 'joined', asked, participant });
    } catch (error) {
      const { tag: refusal, retryable } = asRefusal(error);
      happen({ tag: 'refused', asked, refusal, retryable });
    }
  }

  return {
    get state() {
      return state;
    },
    get participant() {
      return participant;
    },
    get hasEntered() {
      return hasEntered;
    },
    begin() {
      for (const effect of begun.effects) perform(effect);
    },
    happen,
  };
}
