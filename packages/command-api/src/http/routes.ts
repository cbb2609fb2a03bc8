import type { Refusal } from '@parley/domain/conversation/refusals';
import { isIdempotent } from '@parley/domain/wire/core-methods';
import { jsonSchema } from '@parley/domain/wire/json-schema';
import { methods } from '@parley/domain/wire/methods';
import type { Caller } from '@parley/infra/rpc/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import type { Dispatch } from '../dispatch.js';
import { asyncApi } from './async-api.js';
import type { LimitRequest } from './limit-requests.js';
import { openApi } from './open-api.js';
import { sendProblem } from './problem.js';

/** Reads the caller from a bearer token, or says why not. */
export type Authenticate = (authorization: string | undefined) => Promise<E.Either<Refusal, Caller>>;

/**
 * Every method of the wire that has a place in HTTP, from the one table. Path, query and body together are the parameters;
 * a command takes its id from the body or from the header `Idempotency-Key`.
 */
export function addRoutes(
  app: FastifyInstance,
  dispatch: Dispatch,
  { authenticate, limit }: { readonly authenticate: Authenticate; readonly limit: LimitRequest },
): void {
  for (const [method, row] of Object.entries(methods)) {
    if (!('http' in row)) continue;
    const numbers = numbersOf(row.params);
    app.route({
      method: row.http.verb,
      url: row.http.path,
      handler: async (request, reply) => {
        const caller = await authenticate(request.headers.authorization);
        if (E.isLeft(caller)) return sendProblem(reply, caller.left);
        const params = parametersOf(request, numbers, isIdempotent(row));
        const tooSoon = limit(caller.right, method, params);
        if (tooSoon !== undefined) return sendProblem(reply, tooSoon);
        const trace = request.headers.traceparent;
        const traceparent = typeof trace === 'string' && TRACEPARENT.test(trace) ? trace : undefined;
        const outcome = await dispatch(method, params, caller.right, traceparent);
        return E.isLeft(outcome) ? sendProblem(reply, outcome.left) : reply.send(outcome.right);
      },
    });
  }
  app.get('/v1/openapi.json', () => openApi());
  app.get('/v1/asyncapi.json', () => asyncApi());
}

/** W3C Trace Context, level 1. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Path and query are text; the parameters that are numbers are read as such, and the codec refuses what is none. */
function numbersOf(params: t.Mixed): ReadonlySet<string> {
  const { properties = {} } = jsonSchema(params) as { properties?: Record<string, { type?: unknown }> };
  return new Set(Object.keys(properties).filter((name) => properties[name]?.type === 'integer'));
}

function parametersOf(request: FastifyRequest, numbers: ReadonlySet<string>, takesKey: boolean): unknown {
  const text = Object.entries({ ...(request.query as object), ...(request.params as object) });
  const fromUrl = Object.fromEntries(
    text.map(([key, value]) => [key, numbers.has(key) ? numeric(value) : value]),
  );
  const key = request.headers['idempotency-key'];
  const commandId = takesKey && typeof key === 'string' ? { commandId: key } : {};
  const body = request.body;
  const fromBody = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  return { ...commandId, ...fromBody, ...fromUrl };
}

const numeric = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
