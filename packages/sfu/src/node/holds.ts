import type { Placement } from '@parley/infra/voice/protocol';
import { TICKET_SECONDS } from '@parley/infra/voice/ticket';
import type { Rooms } from '../room/rooms.js';
import { type Hold, type HoldInput, type HoldStep, stepHold } from './hold-state.js';

/** A call that is carried here. */
export type Held = {
  readonly conversationId: string;
  readonly call: number;
  readonly fence: number;
  /** Where this node is an edge: its core. */
  readonly core?: string;
};

/** What this node carries and what it knows to be elsewhere; rooms follow it. */
export type Holds = {
  step(conversationId: string, input: HoldInput): HoldStep;
  of(conversationId: string): Hold;
  held(): readonly Held[];
  /** Forgets what is elsewhere or over, once no ticket of it can be good any more. */
  sweep(): void;
};

export type HoldsOptions = {
  readonly self: string;
  readonly rooms: Rooms;
  /** A call came here, or `isNew` false, its fence has grown. */
  readonly onOpen: (held: Held, isNew: boolean) => void;
  readonly onClose: (conversationId: string, isElsewhere: boolean) => void;
};

/** Milliseconds for which it is remembered that a call is elsewhere: longer than a ticket for it is good. */
const REMEMBERED_MS = 2 * TICKET_SECONDS * 1_000;

/** Calls of which something is known at once; with more, what is elsewhere is forgotten, and Redis knows it. */
const MAX_HOLDS = 20_000;

export function openHolds({ self, rooms, onOpen, onClose }: HoldsOptions): Holds {
  const known = new Map<string, { readonly hold: Hold; readonly at: number }>();

  function close(conversationId: string, why: 'moved' | 'ended'): void {
    rooms.close(conversationId, why);
    onClose(conversationId, known.get(conversationId)?.hold.tag === 'elsewhere');
  }

  function open(conversationId: string, hold: Hold, before: Hold): void {
    if (hold.tag !== 'held') return;
    const held = heldOf(conversationId, hold);
    rooms.open(placementOf(held, self));
    onOpen(held, before.tag !== 'held' || before.call !== hold.call);
  }

  function know(conversationId: string, hold: Hold): void {
    if (hold.tag === 'nothing') return void known.delete(conversationId);
    if (known.size >= MAX_HOLDS) forgetOne(known);
    known.set(conversationId, { hold, at: performance.now() });
  }

  function sweep(): void {
    const since = performance.now() - REMEMBERED_MS;
    for (const [conversationId, { hold, at }] of known) {
      if (at < since && (hold.tag === 'elsewhere' || hold.tag === 'over')) known.delete(conversationId);
    }
  }

  return {
    step(conversationId, input) {
      const before = known.get(conversationId)?.hold ?? NOTHING;
      const step = stepHold(before, input, self);
      if (step.hold !== before) know(conversationId, step.hold);
      switch (step.effect) {
        case 'none':
          break;
        case 'open':
          open(conversationId, step.hold, before);
          break;
        case 'reopen':
          close(conversationId, 'ended');
          open(conversationId, step.hold, before);
          break;
        case 'giveUp':
          close(conversationId, 'moved');
          break;
        case 'close':
          close(conversationId, 'ended');
          break;
        default:
          step.effect satisfies never;
      }
      return step;
    },
    of: (conversationId) => known.get(conversationId)?.hold ?? NOTHING,
    held: () =>
      [...known].flatMap(([conversationId, { hold }]) =>
        hold.tag === 'held' ? heldOf(conversationId, hold) : [],
      ),
    sweep,
  };
}

export const placementOf = ({ conversationId, call, fence, core }: Held, self: string): Placement => ({
  conversationId,
  call,
  node: core ?? self,
  fence,
});

const NOTHING: Hold = { tag: 'nothing' };

function heldOf(
  conversationId: string,
  { call, fence, core }: Extract<Hold, { readonly tag: 'held' }>,
): Held {
  return { conversationId, call, fence, ...(core === undefined ? {} : { core }) };
}

function forgetOne(known: Map<string, { readonly hold: Hold }>): void {
  for (const [conversationId, { hold }] of known) {
    if (hold.tag !== 'elsewhere' && hold.tag !== 'over') continue;
    known.delete(conversationId);
    return;
  }
}
