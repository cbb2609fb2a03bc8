import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { isMethodName, type MethodName, methods } from '@parley/domain/wire/methods';
import type { Redis } from 'ioredis';
import type { Caller } from '../rpc/protocol.js';
import { openSharedLimit } from './shared-limit.js';

/** Requests that share a budget. Signals are receipts, typing, presence and what a call needs. */
export const requestKinds = ['commands', 'queries', 'signals'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** Points a user may use in {@link WINDOW_SECONDS}, all devices and processes together; 0 for no limit. */
export type RequestPoints = Readonly<Record<RequestKind, number>>;

export type RequestLimits = {
  /** Takes what a request costs its user: undefined, or the ms after which to come again. */
  take(caller: Caller, cost: RequestCost): number | undefined;
  close(): void;
};

export type RequestCost = { readonly kind: RequestKind; readonly points: number };

export const WINDOW_SECONDS = 10;

/** Opens the limits of users, shared by all processes. */
export function openRequestLimits(redis: Redis, points: RequestPoints): RequestLimits {
  const open = (name: RequestKind) =>
    openSharedLimit({ redis, name, points: points[name], windowSeconds: WINDOW_SECONDS });
  const limits = { commands: open('commands'), queries: open('queries'), signals: open('signals') };
  return {
    take: (caller, { kind, points }) =>
      isExempt(caller) ? undefined : limits[kind].take(caller.user, points),
    close: () => {
      for (const kind of requestKinds) limits[kind].close();
    },
  };
}

/** The points that a configuration names. */
export const pointsOf = (config: LimitVariables): RequestPoints => ({
  commands: config.PARLEY_LIMIT_COMMANDS,
  queries: config.PARLEY_LIMIT_QUERIES,
  signals: config.PARLEY_LIMIT_SIGNALS,
});

type LimitVariables = Readonly<
  Record<'PARLEY_LIMIT_COMMANDS' | 'PARLEY_LIMIT_QUERIES' | 'PARLEY_LIMIT_SIGNALS', number>
>;

export const rateLimited = (retryAfterMs: number): Refusal => ({ ...refuse('RateLimited'), retryAfterMs });

/** Who moves whole histories is trusted with it: an import writes thousands a second. */
export const isExempt = ({ scopes }: Caller): boolean =>
  scopes.includes('import') || scopes.includes('operator');

/** What a request costs, before its parameters are decoded. A method that is not known is refused as cheaply as a query. */
export function costOf(method: string, params: unknown): RequestCost {
  if (!isMethodName(method)) return { kind: 'queries', points: 1 };
  const { dispatch } = methods[method];
  switch (dispatch) {
    case 'command':
    case 'account':
      return { kind: 'commands', points: 1 };
    case 'query':
      return { kind: 'queries', points: 1 };
    case 'receipt':
      return { kind: 'signals', points: tenths(params, 'marks') };
    case 'session':
      return { kind: 'signals', points: tenths(params, 'users') };
    case 'voice':
      return { kind: 'signals', points: VOICE_POINTS[method] ?? bulk(params) };
    default:
      return dispatch satisfies never;
  }
}

/** A description costs a point for every 4 KiB: it is sent on to somebody else. */
function bulk(params: unknown): number {
  const { signal } = (params ?? {}) as { readonly signal?: { readonly sdp?: unknown } };
  const sdp = signal?.sdp;
  return typeof sdp === 'string' ? Math.max(1, Math.ceil(sdp.length / 4_096)) : 1;
}

/** What makes something at a node, asks the log, or is told to everybody in a call. */
const VOICE_POINTS: Partial<Record<MethodName, number>> = {
  'voice.enter': 5,
  'voice.attach': 5,
  'voice.openTransport': 5,
  'voice.produce': 5,
  'voice.receive': 5,
  'voice.state': 10,
};

/** A list costs a point for every ten of its entries. */
function tenths(params: unknown, name: string): number {
  const list = typeof params === 'object' && params !== null ? (params as Record<string, unknown>)[name] : [];
  return Array.isArray(list) ? Math.max(1, Math.ceil(list.length / 10)) : 1;
}
