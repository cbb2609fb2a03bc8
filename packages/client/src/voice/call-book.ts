import { type Call, deviceKey } from '@parley/domain/call/call';
import { foldCall } from '@parley/domain/call/fold-call';
import { callOf } from '@parley/domain/call/ongoing';
import type { LiveEvent } from '@parley/domain/wire/live';
import { backoffMs } from '../backoff.js';
import type { ParleyClient } from '../parley-client.js';
import { asRefusal, RefusalError } from '../refusal-error.js';

/** The calls of a client's conversations, folded from what it hears; asked for where it cannot have heard everything. */
export type CallBook = {
  /** The call that goes on, as far as is known here. */
  of(conversationId: string): Call | undefined;
  /** The seq up to which that is true. */
  revision(conversationId: string): number;
  /** Every call that is known to go on. */
  all(): ReadonlyMap<string, Call>;
  /** This call, once it is known here: the event that began it is on its way, or it is read. @throws RefusalError */
  until(conversationId: string, call: number): Promise<Call>;
  /** Reads it from the log now. @throws RefusalError */
  read(conversationId: string): Promise<Call | undefined>;
  /** `event` is what changed it; none: it was read anew. */
  onChange(listener: (change: CallChange) => void): () => void;
  close(): void;
};

export type CallChange = {
  readonly conversationId: string;
  readonly before: Call | undefined;
  readonly now: Call | undefined;
  readonly revision: number;
  readonly event: LiveEvent | undefined;
};

/** Conversations that are remembered to be without a call, and events of one that wait for an answer about it: after more it is asked for again. */
const MAX_QUIET = 1_000;
const MAX_WAITING = 1_000;

/** Milliseconds that an event may take longer than the answer that says it is in the log. */
const EVENT_MS = 300;

/** Between two tries of a read that the book itself needs. */
const AGAIN = { baseMs: 250, capMs: 5_000 };

type Reading = { readonly done: Promise<Call | undefined>; readonly waiting: LiveEvent[] };
type Known = { readonly call: Call | undefined; readonly revision: number };

export function createCallBook({
  call: ask,
  on,
  state,
}: Pick<ParleyClient, 'call' | 'on'> & { readonly state: () => ParleyClient['state'] }): CallBook {
  const known = new Map<string, Known>();
  const reading = new Map<string, Reading>();
  /** Conversations whose call must be read anew, and what tries it again where it was refused. */
  const needed = new Map<string, ReturnType<typeof setTimeout> | undefined>();
  let isClosed = false;
  const listeners = new Set<(change: CallChange) => void>();

  function set(conversationId: string, next: Known, event: LiveEvent | undefined): void {
    const before = known.get(conversationId)?.call;
    known.delete(conversationId);
    known.set(conversationId, next);
    if (known.size > MAX_QUIET)
      for (const [other, { call }] of known)
        if (call === undefined) {
          known.delete(other);
          break;
        }
    if (before === next.call && event !== undefined) return;
    const change = { conversationId, before, now: next.call, revision: next.revision, event };
    for (const listener of [...listeners]) listener(change);
  }

  function fold(event: LiveEvent): void {
    const { conversationId, seq, type } = event;
    const waiting = reading.get(conversationId)?.waiting;
    if (waiting !== undefined) {
      if (waiting.length <= MAX_WAITING) waiting.push(event);
      return;
    }
    const now = known.get(conversationId);
    if (now !== undefined && seq <= now.revision) return;
    if (now === undefined && type !== 'call.started') {
      // One that began before this page was there.
      if (type === 'call.joined') need(conversationId);
      return;
    }
    if (now?.call === undefined && type !== 'call.started' && now !== undefined) {
      known.set(conversationId, { ...now, revision: seq });
      return;
    }
    set(conversationId, { call: foldCall(now?.call, event as never), revision: seq }, event);
    // Who was banned is named by a hash that is not told.
    if (type === 'member.banned' && now?.call !== undefined) need(conversationId);
  }

  /** Nobody asks for it again if this does not: without it who was banned stays in the call here. */
  function need(conversationId: string): void {
    if (needed.has(conversationId)) return;
    needed.set(conversationId, undefined);
    void tryRead(conversationId, 0);
  }

  async function tryRead(conversationId: string, failures: number): Promise<void> {
    try {
      await read(conversationId);
    } catch (error) {
      const refusal = asRefusal(error);
      if (isClosed || !passes(refusal)) return void needed.delete(conversationId);
      const wait = Math.max(backoffMs(failures + 1, Math.random(), AGAIN), refusal.retryAfterMs ?? 0);
      const timer = setTimeout(() => {
        if (mayGoOn(conversationId)) void tryRead(conversationId, failures + 1);
        else needed.delete(conversationId);
      }, wait);
      needed.set(conversationId, timer);
    }
  }

  function mayGoOn(conversationId: string): boolean {
    const now = known.get(conversationId);
    return state().tag !== 'stopped' && (now === undefined || now.call !== undefined);
  }

  function satisfy(conversationId: string): void {
    clearTimeout(needed.get(conversationId));
    needed.delete(conversationId);
  }

  function read(conversationId: string): Promise<Call | undefined> {
    const going = reading.get(conversationId);
    if (going !== undefined) return going.done;
    const waiting: LiveEvent[] = [];
    const done = ask('call.get', { conversationId })
      .then(({ call, revision }) => {
        reading.delete(conversationId);
        set(conversationId, { call: call && callOf(call), revision }, undefined);
        if (waiting.length > MAX_WAITING) {
          need(conversationId);
          return read(conversationId);
        }
        satisfy(conversationId);
        for (const event of waiting) fold(event);
        return known.get(conversationId)?.call;
      })
      .catch((error) => {
        reading.delete(conversationId);
        for (const event of waiting) fold(event);
        if (waiting.length > MAX_WAITING) need(conversationId);
        throw error;
      });
    reading.set(conversationId, { done, waiting });
    return done;
  }

  const offs = [
    on('event', fold),
    on('resync', ({ conversationId }) => {
      if (known.get(conversationId)?.call === undefined) known.delete(conversationId);
      else if (state().tag !== 'stopped') need(conversationId);
    }),
  ];

  return {
    of: (conversationId) => known.get(conversationId)?.call,
    revision: (conversationId) => known.get(conversationId)?.revision ?? 0,
    all: () =>
      new Map([...known].flatMap(([id, { call }]) => (call === undefined ? [] : [[id, call] as const]))),
    until: (conversationId, number) =>
      new Promise((resolve, reject) => {
        const look = (): boolean => {
          const call = known.get(conversationId)?.call;
          if (call?.call !== number) return false;
          resolve(call);
          listeners.delete(look);
          return true;
        };
        if (look()) return;
        listeners.add(look);
        setTimeout(() => {
          if (!listeners.delete(look)) return;
          read(conversationId)
            .then(() => look() || reject(new RefusalError('CallNotFound')))
            .catch(reject);
        }, EVENT_MS);
      }),
    read,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      isClosed = true;
      for (const off of offs) off();
      for (const timer of needed.values()) clearTimeout(timer);
      listeners.clear();
    },
  };
}

/** A client whose token is over opens another session with a fresh one, or stops. */
const passes = ({ tag, retryable }: RefusalError): boolean => retryable || tag === 'TokenExpired';

/** Why this participant is in the call no more; undefined: it is in it. */
export function whyOut(
  { now, event }: Pick<CallChange, 'now' | 'event'>,
  me: { readonly call: number; readonly participant: number; readonly user: string; readonly device: string },
): string | undefined {
  const mine = now?.call === me.call ? now.participants.get(deviceKey(me.user, me.device)) : undefined;
  if (mine?.participant === me.participant) return undefined;
  if (mine !== undefined) return mine.participant > me.participant ? 'replaced' : undefined;
  const { participant, why } = event?.data ?? {};
  if (event?.type === 'call.left' && participant === me.participant) return String(why);
  if (event?.type === 'member.removed' || event?.type === 'member.left' || event?.type === 'member.banned')
    return 'removed';
  return now?.call === me.call ? 'lost' : 'ended';
}
