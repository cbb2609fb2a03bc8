import type { Refusal } from '@parley/domain/conversation/refusals';
import { costOf, type RequestLimits, rateLimited } from '@parley/infra/limits/request-limits';
import type { Caller } from '@parley/infra/rpc/protocol';
import { Counter, type Registry } from 'prom-client';

/** Takes what a request costs its user, or says that it comes too soon. */
export type LimitRequest = (caller: Caller, method: string, params: unknown) => Refusal | undefined;

/** The limits of users for what comes by HTTP; the gateways have counted what comes from them. */
export function limitRequests(limits: RequestLimits, registry: Registry): LimitRequest {
  const limited = new Counter({
    name: 'parley_limited_total',
    help: 'Requests refused because they came too fast, by what and of whom.',
    labelNames: ['what', 'of'],
    registers: [registry],
  });
  return (caller, method, params) => {
    const cost = costOf(method, params);
    const wait = limits.take(caller, cost);
    if (wait === undefined) return undefined;
    limited.inc({ what: cost.kind, of: 'user' });
    return rateLimited(wait);
  };
}
