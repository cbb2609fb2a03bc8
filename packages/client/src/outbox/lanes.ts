/** A command on its way, as the outbox keeps it. */
export type LaneEntry<C> = {
  readonly conversationId: string;
  readonly command: C;
  readonly attempts: number;
};

/**
 * Commands in the order in which they were given: one in flight per conversation, so that a conversation's order is
 * kept through breaks and repetitions; conversations do not wait for one another. A command that may succeed later
 * rests, and holds back those behind it; what is refused for good is taken out, and the next goes. It knows no clock and
 * no socket: times come in, in ms.
 */
export type Lanes<C> = {
  readonly size: number;
  readonly inFlight: number;
  /** False when the outbox is full: the command was not taken. */
  add(conversationId: string, command: C): boolean;
  /** Entries that may go now, at most as many as may be in flight together; they are in flight from here on. */
  take(now: number): readonly LaneEntry<C>[];
  /** Answered for good, either way. False when the answer is late: the entry has been interrupted since. */
  settle(entry: LaneEntry<C>): boolean;
  /** Not now: again from `until` on. False when that is late, as in `settle`. */
  rest(entry: LaneEntry<C>, until: number): boolean;
  /** The connection broke: what was in flight may or may not have happened, and goes again under the same id. */
  interrupt(): void;
  /** When the next resting entry may go, if none may now. */
  readonly nextAt: number | undefined;
  /** Empties it. */
  clear(): readonly LaneEntry<C>[];
};

export type LaneBounds = {
  /** Commands it holds at most; further ones are refused. */
  readonly maxEntries: number;
  /** Commands in flight at most, over all conversations. */
  readonly maxInFlight: number;
};

/** The oldest of `entries` is the only one of its conversation that may be in flight or resting. */
type Lane<C> = { readonly entries: LaneEntry<C>[]; state: 'ready' | 'flying' | 'resting'; until: number };

export function createLanes<C>({ maxEntries, maxInFlight }: LaneBounds): Lanes<C> {
  const lanes = new Map<string, Lane<C>>();
  /** Conversations whose oldest command may go, in the order in which they became so. */
  const ready = new Set<string>();
  const resting = new Set<string>();
  let size = 0;
  let inFlight = 0;

  /** Only the entry in flight can be answered: an answer that comes after a break is not about the entry any more. */
  function flying(entry: LaneEntry<C>): Lane<C> | undefined {
    const lane = lanes.get(entry.conversationId);
    return lane?.state === 'flying' && lane.entries[0] === entry ? lane : undefined;
  }

  function makeReady(conversationId: string, lane: Lane<C>): void {
    lane.state = 'ready';
    ready.add(conversationId);
  }

  function wake(now: number): void {
    for (const conversationId of resting) {
      const lane = lanes.get(conversationId) as Lane<C>;
      if (lane.until > now) continue;
      resting.delete(conversationId);
      makeReady(conversationId, lane);
    }
  }

  return {
    get size() {
      return size;
    },
    get inFlight() {
      return inFlight;
    },
    get nextAt() {
      let earliest: number | undefined;
      for (const conversationId of resting) {
        const { until } = lanes.get(conversationId) as Lane<C>;
        if (earliest === undefined || until < earliest) earliest = until;
      }
      return earliest;
    },
    add(conversationId, command) {
      if (size >= maxEntries) return false;
      size++;
      const entry = { conversationId, command, attempts: 0 };
      const lane = lanes.get(conversationId);
      if (lane !== undefined) lane.entries.push(entry);
      else {
        const fresh: Lane<C> = { entries: [entry], state: 'ready', until: 0 };
        lanes.set(conversationId, fresh);
        makeReady(conversationId, fresh);
      }
      return true;
    },
    take(now) {
      wake(now);
      const taken: LaneEntry<C>[] = [];
      for (const conversationId of ready) {
        if (inFlight >= maxInFlight) break;
        ready.delete(conversationId);
        const lane = lanes.get(conversationId) as Lane<C>;
        lane.state = 'flying';
        inFlight++;
        const waiting = lane.entries[0] as LaneEntry<C>;
        const entry = { ...waiting, attempts: waiting.attempts + 1 };
        lane.entries[0] = entry;
        taken.push(entry);
      }
      return taken;
    },
    settle(entry) {
      const lane = flying(entry);
      if (lane === undefined) return false;
      inFlight--;
      size--;
      lane.entries.shift();
      if (lane.entries.length === 0) lanes.delete(entry.conversationId);
      else makeReady(entry.conversationId, lane);
      return true;
    },
    rest(entry, until) {
      const lane = flying(entry);
      if (lane === undefined) return false;
      inFlight--;
      lane.state = 'resting';
      lane.until = until;
      resting.add(entry.conversationId);
      return true;
    },
    interrupt() {
      inFlight = 0;
      for (const [conversationId, lane] of lanes)
        if (lane.state === 'flying') makeReady(conversationId, lane);
    },
    clear() {
      const all = [...lanes.values()].flatMap((lane) => lane.entries);
      lanes.clear();
      ready.clear();
      resting.clear();
      size = 0;
      inFlight = 0;
      return all;
    },
  };
}
