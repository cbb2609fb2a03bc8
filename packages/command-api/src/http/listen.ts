import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { answerOps, type ReadinessCheck } from '@parley/infra/runtime/ops-answers';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { ApiModule, type ApiResources } from '../api-module.js';
import type { Dispatch } from '../dispatch.js';
import type { LimitRequest } from './limit-requests.js';
import { ProblemFilter } from './problem-filter.js';
import { type Authenticate, addRoutes } from './routes.js';

export type HttpParts = {
  readonly api: ApiResources;
  readonly metrics: Registry;
  readonly checks: readonly ReadinessCheck[];
  readonly dispatchOf: (app: INestApplicationContext) => Dispatch;
  readonly authenticate: Authenticate;
  readonly limit: LimitRequest;
  /** Told of what was our fault. */
  readonly onError: (error: unknown, what: string) => void;
};

export type Http = { readonly url: string; readonly dispatch: Dispatch; close(): Promise<void> };

/** A body has at most 64 KiB of text; JSON may need twice that. */
const BODY_LIMIT = 128 * 1024;

/** Starts the Nest application on Fastify and serves HTTP; port 0 lets the system choose. */
export async function listen(
  at: { readonly host: string; readonly port: number },
  parts: HttpParts,
): Promise<Http> {
  const adapter = new FastifyAdapter({ bodyLimit: BODY_LIMIT });
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule.with(parts.api), adapter, {
    logger: ['error', 'warn'],
  });
  app.useGlobalFilters(new ProblemFilter(parts.onError));
  const dispatch = parts.dispatchOf(app);
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  addRoutes(fastify, dispatch, parts);
  addOps(fastify, parts);
  await app.listen(at.port, at.host);
  const address = fastify.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : at.port;
  return { url: `http://${at.host}:${port}`, dispatch, close: () => app.close() };
}

function addOps(fastify: FastifyInstance, { metrics, checks }: HttpParts): void {
  for (const path of ['/health', '/ready', '/metrics']) {
    fastify.get(path, async (_request, reply) => {
      const answer = await answerOps(path, metrics, checks);
      return reply
        .status(answer?.status ?? 404)
        .header('content-type', answer?.contentType ?? 'text/plain')
        .send(answer?.body ?? '');
    });
  }
}
