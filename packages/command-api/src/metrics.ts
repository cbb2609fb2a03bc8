import * as E from 'fp-ts/lib/Either.js';
import { Histogram, type Registry } from 'prom-client';
import type { Dispatch } from './dispatch.js';

/** Measures every method: seconds by method and outcome (`ok`, or the tag of the refusal). */
export function countingDispatch(registry: Registry, dispatch: Dispatch): Dispatch {
  const seconds = new Histogram({
    name: 'parley_request_seconds',
    help: 'Time from a request being read to its answer, in seconds.',
    labelNames: ['method', 'outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  });
  return async (method, params, caller, traceparent) => {
    const start = performance.now();
    const outcome = await dispatch(method, params, caller, traceparent);
    const tag = E.isLeft(outcome) ? outcome.left.tag : 'ok';
    const name = tag === 'MethodNotFound' ? 'unknown' : method;
    seconds.observe({ method: name, outcome: tag }, (performance.now() - start) / 1000);
    return outcome;
  };
}
