import { parseJson } from '@parley/infra/runtime/parse-json';
import type { Standstill } from './park.js';

/** The conversations that stand still while a batch is gone through: those that were parked before, and those that it parks. */
export type Standstills = {
  /** Without any nobody needs to look. */
  readonly isAny: boolean;
  has(conversationId: string): boolean;
  /** Parks it with this event. */
  begin(conversationId: string, streamSeq: number, bytes: Uint8Array): void;
  /** One more event of a parked one. */
  wait(conversationId: string, bytes: Uint8Array): void;
  /** Those that the batch has something of. */
  all(): readonly Standstill[];
};

export function openStandstills(parked: ReadonlySet<string>): Standstills {
  const met = new Map<string, Met>();

  const meet = (conversationId: string, since?: number) => {
    const known = met.get(conversationId);
    if (known !== undefined) return known;
    const standstill: Met = { conversationId, since, waiting: 0, held: undefined };
    met.set(conversationId, standstill);
    return standstill;
  };

  return {
    get isAny() {
      return parked.size + met.size > 0;
    },
    has: (conversationId) => parked.has(conversationId) || met.has(conversationId),
    begin(conversationId, streamSeq, bytes) {
      meet(conversationId, streamSeq).held = holdIn(bytes);
    },
    wait(conversationId, bytes) {
      const standstill = meet(conversationId);
      standstill.waiting++;
      standstill.held = holdIn(bytes) ?? standstill.held;
    },
    all: () => [...met.values()],
  };
}

type Met = { -readonly [K in keyof Standstill]: Standstill[K] };

/** Legal hold is looked for also in what is not folded: secrets that it needs must not be destroyed meanwhile. */
function holdIn(bytes: Uint8Array): boolean | undefined {
  const type = (parseJson(bytes) as { readonly type?: unknown } | null | undefined)?.type;
  return type === 'conversation.held' ? true : type === 'conversation.released' ? false : undefined;
}
