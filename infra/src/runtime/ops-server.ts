import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { answerOps, type OpsAnswer, type ReadinessCheck } from './ops-answers.js';

export type OpsServerOptions = {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly metrics: Registry;
  readonly checks: readonly ReadinessCheck[];
  /** What else is answered to those who say who they are; undefined: nothing. */
  readonly also?: (path: string, authorization: string | undefined) => Promise<OpsAnswer | undefined>;
};

export type OpsServer = { readonly url: string; readonly port: number; close(): Promise<void> };

/** Serves /health, /ready and /metrics, for processes that have no HTTP server of their own. */
export const startOpsServer = async (options: OpsServerOptions): Promise<OpsServer> => {
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '/').split('?')[0] as string;
    const answer = await answerOps(path, options.metrics, options.checks)
      .then((own) => own ?? options.also?.(path, request.headers.authorization))
      .catch(() => unanswerable);
    const { status, contentType, body } = answer ?? notFound;
    response.writeHead(status, { 'content-type': contentType }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const notFound = { status: 404, contentType: 'text/plain', body: 'not found\n' };
const unanswerable = { status: 500, contentType: 'text/plain', body: 'cannot answer\n' };
