import type { Refusal } from '@parley/domain/conversation/refusals';
import { type Budget, type BudgetRule, take } from '@parley/infra/limits/budget';
import {
  costOf,
  isExempt,
  openRequestLimits,
  type RequestCost,
  type RequestKind,
  type RequestLimits,
  type RequestPoints,
  rateLimited,
  WINDOW_SECONDS,
} from '@parley/infra/limits/request-limits';
import { openSharedLimit, type SharedLimit } from '@parley/infra/limits/shared-limit';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { Redis } from 'ioredis';
import type { Gateway } from '../gateway.js';
import type { Session } from '../session/session.js';

/** What bounds how much is asked of a gateway. */
export type Limits = {
  /** Of a user, on all gateways together. */
  readonly requests: RequestLimits;
  /** Of one connection. */
  readonly connection: Readonly<Record<RequestKind, BudgetRule | undefined>>;
  /** Sessions that a user opens, and refused tokens of an address. */
  readonly opens: SharedLimit;
  close(): void;
};

/** What one connection has used, by kind. */
export type Used = Partial<Record<RequestKind, Budget>>;

export type LimitPoints = RequestPoints & { readonly opens: number };

/** Share of its user's points that one connection may use. */
const CONNECTION_SHARE = 0.5;

export function openLimits(redis: Redis, points: LimitPoints): Limits {
  const requests = openRequestLimits(redis, points);
  const opens = openSharedLimit({
    redis,
    name: 'opens',
    points: points.opens,
    windowSeconds: WINDOW_SECONDS,
  });
  const ofConnection = (kind: RequestKind): BudgetRule | undefined =>
    points[kind] === 0
      ? undefined
      : {
          points: Math.ceil(points[kind] * CONNECTION_SHARE),
          windowMs: WINDOW_SECONDS * 1_000,
          lease: Number.POSITIVE_INFINITY,
        };
  return {
    requests,
    connection: {
      commands: ofConnection('commands'),
      queries: ofConnection('queries'),
      signals: ofConnection('signals'),
    },
    opens,
    close() {
      requests.close();
      opens.close();
    },
  };
}

/** Takes what a request costs its connection and its user, or says that it comes too soon. */
export function refusedByLimit(
  { limits, metrics }: Gateway,
  session: Session,
  method: string,
  params: unknown,
): Refusal | undefined {
  const { caller } = session;
  if (caller === undefined || isExempt(caller)) return undefined;
  const cost = costOf(method, params);
  const ofConnection = takeOfConnection(limits, session, cost);
  if (ofConnection !== undefined) {
    metrics.limited.inc({ what: cost.kind, of: 'connection' });
    return rateLimited(ofConnection);
  }
  const ofUser = limits.requests.take(caller, cost);
  if (ofUser === undefined) return undefined;
  metrics.limited.inc({ what: cost.kind, of: 'user' });
  return rateLimited(ofUser);
}

/** Whether the address of a connection has sent too many bad tokens for another to be looked at. */
export function refusedToTry({ limits, metrics }: Gateway, { address }: Session): Refusal | undefined {
  const wait = address === undefined ? undefined : limits.opens.wait(`of ${address}`);
  if (wait === undefined) return undefined;
  metrics.limited.inc({ what: 'opens', of: 'address' });
  return rateLimited(wait);
}

/** A token was refused: that counts against the address it came from. */
export function noteBadToken({ limits }: Gateway, { address }: Session): void {
  if (address !== undefined) limits.opens.take(`of ${address}`);
}

/** Whether a user opens sessions too often. */
export function refusedToOpen({ limits, metrics }: Gateway, user: string): Refusal | undefined {
  const wait = limits.opens.take(user);
  if (wait === undefined) return undefined;
  metrics.limited.inc({ what: 'opens', of: 'user' });
  return rateLimited(wait);
}

function takeOfConnection(
  limits: Limits,
  session: Session,
  { kind, points }: RequestCost,
): number | undefined {
  const rule = limits.connection[kind];
  if (rule === undefined) return undefined;
  session.used ??= {};
  const taken = take(session.used[kind], rule, points, steadyNow());
  session.used[kind] = taken.budget;
  return taken.retryAfterMs;
}
