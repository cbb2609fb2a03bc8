import { asRefusal, type RefusalError } from '../refusal-error.js';

/** How each of some things is to be elsewhere, mostly at a node, by their ids there. */
export type Wishes<W> = {
  /** It is there, and the node has it like this. */
  begin(id: string, known: W): void;
  /** It is to be like this from now on. Of what has not begun, or has ended, nothing is asked. */
  wish(id: string, wanted: W): void;
  end(id: string): void;
  close(): void;
};

export type WishesOptions<W> = {
  readonly ask: (id: string, wanted: W) => Promise<unknown>;
  readonly isSame: (one: W, other: W) => boolean;
  /** Refusals that pass although the table of refusals does not say so. */
  readonly passes?: (refusal: RefusalError) => boolean;
  /** The node does not do it for this thing, which has ended here with that. */
  readonly onRefused: (id: string, refusal: RefusalError) => void;
};

type Told<W> = { known: W; wanted: W; isAsked: boolean };

/** Questions at once: of all that one connection may ask at once a quarter, so that a page with many tiles has room for the rest. */
export const ASKED_AT_ONCE = 16;

/** Until what was refused for a while is asked for again, in ms, where the refusal does not say it. */
const AGAIN_MS = 1_000;

/** Tells a node the newest wish alone: one question at a time for each thing, none for what it knows, again after a refusal that passes. */
export function createWishes<W>({ ask, isSame, passes, onRefused }: WishesOptions<W>): Wishes<W> {
  const things = new Map<string, Told<W>>();
  /** Those that may have something to be asked, in the order in which it was wished. */
  const due = new Set<string>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let asked = 0;

  function look(): void {
    for (const id of due) {
      if (asked >= ASKED_AT_ONCE) return;
      due.delete(id);
      const thing = things.get(id);
      if (thing !== undefined && !thing.isAsked && !isSame(thing.known, thing.wanted)) void tell(id, thing);
    }
  }

  async function tell(id: string, thing: Told<W>): Promise<void> {
    const { wanted } = thing;
    thing.isAsked = true;
    asked++;
    try {
      await ask(id, wanted);
      thing.known = wanted;
      again(id, thing);
    } catch (error) {
      refused(id, thing, asRefusal(error));
    }
    asked--;
    look();
  }

  function refused(id: string, thing: Told<W>, refusal: RefusalError): void {
    if (things.get(id) !== thing) return;
    if (refusal.retryable || passes?.(refusal)) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        again(id, thing);
        look();
      }, refusal.retryAfterMs ?? AGAIN_MS);
      timers.add(timer);
      return;
    }
    things.delete(id);
    onRefused(id, refusal);
  }

  function again(id: string, thing: Told<W>): void {
    thing.isAsked = false;
    due.add(id);
  }

  return {
    begin(id, known) {
      things.set(id, { known, wanted: known, isAsked: false });
    },
    wish(id, wanted) {
      const thing = things.get(id);
      if (thing === undefined) return;
      thing.wanted = wanted;
      due.add(id);
      look();
    },
    end: (id) => void things.delete(id),
    close() {
      for (const timer of timers) clearTimeout(timer);
      things.clear();
    },
  };
}
