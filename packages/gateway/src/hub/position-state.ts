/** Most events that one session is sent of one conversation's past. */
export const MAX_REPLAY = 100_000;

/** Times a page may fail before the client is told to read the conversation anew. */
export const MAX_FAILURES = 5;

/** Why a client must read a conversation anew instead of going on from its position. */
export type ResyncReason =
  /** Too many events are missing. */
  | 'behind'
  /** The past could not be had. */
  | 'unavailable'
  /** Live delivery began later than the session; or the conversation was interrupted for everyone here. */
  | 'interrupted'
  /** An event is there that this gateway cannot read. */
  | 'unreadable'
  /** The user is not a member, or not any more. */
  | 'left';

/**
 * Where one session is in one conversation. `after` is the newest event it has; `sent` counts what it was sent of the
 * past. A position that is live has no state but its subscription.
 */
export type Position =
  /**
   * Which event is the newest is not known yet, or delivery here has not come as far as `after`; without `after` the client
   * has told no position.
   */
  | { readonly tag: 'waiting'; readonly after: number | undefined; readonly sent: number }
  /** What follows `after` has been asked for. */
  | { readonly tag: 'backfill'; readonly after: number; readonly sent: number; readonly failures: number }
  | { readonly tag: 'live' }
  | { readonly tag: 'ended' };

export type PositionInput =
  /** Delivery here has just reached `head`; what follows goes to those who are live. */
  | { readonly tag: 'ready'; readonly head: number }
  /**
   * A page was sent up to `last`, which is `after` where nothing was sent. `head` is what delivery has reached by now: a
   * page is sent up to it and no further. Undefined while delivery itself starts anew.
   */
  | { readonly tag: 'page'; readonly last: number; readonly head: number | undefined }
  | { readonly tag: 'failed'; readonly forGood: boolean }
  /** The user is not a member any more. */
  | { readonly tag: 'removed' };

export type PositionStep = {
  readonly position: Position;
  /** `fetch` the page after `after`, `retry` that after a pause, or `subscribe` to what follows; then tell `resync`. */
  readonly effect?: 'fetch' | 'retry' | 'subscribe' | 'unsubscribe';
  readonly resync?: ResyncReason;
};

/** Where a session begins. Without `after` at the newest event, which its client reads up to by itself. */
export function beginPosition(after: number | undefined, head: number | undefined): PositionStep {
  if (head === undefined) return { position: { tag: 'waiting', after, sent: 0 } };
  return after === undefined ? goLive() : follow(after, 0, head);
}

/**
 * Backfill, then cut-over, then live. Pure. What a session is sent of a conversation is a run without gap or repeat, because
 * it subscribes only at the moment its own position and what was delivered to everyone are the same.
 */
export function stepPosition(position: Position, input: PositionInput): PositionStep {
  if (position.tag === 'ended') return { position };
  if (input.tag === 'removed') return end(position.tag === 'live');
  switch (position.tag) {
    case 'waiting':
      if (input.tag !== 'ready') return { position };
      return position.after === undefined
        ? goLive('interrupted')
        : follow(position.after, position.sent, input.head);
    case 'backfill':
      if (input.tag === 'page') return onPage(position, input.last, input.head);
      return input.tag === 'failed' ? onFailure(position, input.forGood) : { position };
    case 'live':
      return { position };
    default:
      return position satisfies never;
  }
}

export type Backfill = Extract<Position, { tag: 'backfill' }>;

function onPage(position: Backfill, last: number, head: number | undefined): PositionStep {
  const sent = position.sent + last - position.after;
  if (head === undefined) return { position: { tag: 'waiting', after: last, sent } };
  if (last < head && last === position.after) return onFailure(position, false);
  return follow(last, sent, head);
}

function follow(after: number, sent: number, head: number): PositionStep {
  if (after === head) return goLive();
  // The log has come as far, or the session would not have been opened: delivery here will, too.
  if (after > head) return { position: { tag: 'waiting', after, sent } };
  if (sent + head - after > MAX_REPLAY) return goLive('behind');
  return { position: { tag: 'backfill', after, sent, failures: 0 }, effect: 'fetch' };
}

function onFailure(position: Backfill, forGood: boolean): PositionStep {
  if (forGood) return end(false);
  const failures = position.failures + 1;
  if (failures >= MAX_FAILURES) return goLive('unavailable');
  return { position: { ...position, failures }, effect: 'retry' };
}

const goLive = (resync?: ResyncReason): PositionStep => ({
  position: { tag: 'live' },
  effect: 'subscribe',
  ...(resync === undefined ? {} : { resync }),
});

const end = (wasLive: boolean): PositionStep => ({
  position: { tag: 'ended' },
  resync: 'left',
  ...(wasLive ? { effect: 'unsubscribe' as const } : {}),
});
