import { answerOps, type OpsAnswer, type ReadinessCheck } from '@parley/infra/runtime/ops-answers';
import type { Registry } from 'prom-client';
import type { HttpResponse, TemplatedApp } from 'uwebsockets';
import { frontPage, frontPagePolicy } from './front-page.js';

/**
 * Plain HTTP on the gateway's port: a front page, /health, /ready and /metrics. The files of the web client belong here too, before the
 * last route.
 */
export function serveHttp(app: TemplatedApp, metrics: Registry, checks: readonly ReadinessCheck[]): void {
  app.get('/', (response) => {
    response
      .writeHeader('content-type', 'text/html; charset=utf-8')
      .writeHeader('content-security-policy', frontPagePolicy)
      .end(frontPage);
  });
  app.any('/*', (response, request) => {
    const path = request.getMethod() === 'get' ? request.getUrl() : '';
    let isGone = false;
    response.onAborted(() => {
      isGone = true;
    });
    void answerOps(path, metrics, checks)
      .catch(() => UNANSWERABLE)
      .then((answer) => {
        if (!isGone) respond(response, answer ?? NOT_FOUND);
      });
  });
}

const NOT_FOUND: OpsAnswer = { status: 404, contentType: 'text/plain', body: 'not found\n' };
const UNANSWERABLE: OpsAnswer = { status: 500, contentType: 'text/plain', body: 'cannot answer\n' };

const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  404: 'Not Found',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function respond(response: HttpResponse, { status, contentType, body }: OpsAnswer): void {
  response.cork(() => {
    response
      .writeStatus(`${status} ${PHRASES[status] ?? 'Unknown'}`)
      .writeHeader('content-type', contentType)
      .end(body);
  });
}
