import { answerOps, type OpsAnswer, type ReadinessCheck } from '@parley/infra/runtime/ops-answers';
import type { Registry } from 'prom-client';
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uwebsockets';
import { answerFile } from '../site/answer-file.js';
import { frontPage, frontPagePolicy } from '../site/front-page.js';
import type { Site, SiteFile } from '../site/read-site.js';

/**
 * Plain HTTP on the gateway's port: the files of the web client, /health, /ready and /metrics. Where the client was not
 * built, a front page says so in its place.
 */
export function serveHttp(
  app: TemplatedApp,
  site: Site | undefined,
  metrics: Registry,
  checks: readonly ReadinessCheck[],
): void {
  app.any('/*', (response, request) => {
    const method = request.getMethod();
    const isRead = method === 'get' || method === 'head';
    const path = request.getUrl();
    const file = isRead ? site?.get(path) : undefined;
    if (file !== undefined) return sendFile(response, request, file);
    if (isRead && path === '/') return sendFrontPage(response);
    let isGone = false;
    response.onAborted(() => {
      isGone = true;
    });
    void answerOps(method === 'get' ? path : '', metrics, checks)
      .catch(() => UNANSWERABLE)
      .then((answer) => {
        if (!isGone) respond(response, answer ?? NOT_FOUND);
      });
  });
}

function sendFile(response: HttpResponse, request: HttpRequest, file: SiteFile): void {
  const { status, headers, body } = answerFile(file, {
    acceptEncoding: request.getHeader('accept-encoding'),
    ifNoneMatch: request.getHeader('if-none-match'),
  });
  const isHead = request.getMethod() === 'head';
  response.cork(() => {
    response.writeStatus(status);
    for (const [name, value] of headers) response.writeHeader(name, value);
    if (status === '304 Not Modified') response.endWithoutBody();
    else if (isHead) response.endWithoutBody(body.length);
    else response.end(body);
  });
}

function sendFrontPage(response: HttpResponse): void {
  response
    .writeHeader('content-type', 'text/html; charset=utf-8')
    .writeHeader('content-security-policy', frontPagePolicy)
    .end(frontPage);
}

const NOT_FOUND: OpsAnswer = { status: 404, contentType: 'text/plain', body: 'not found\n' };
const UNANSWERABLE: OpsAnswer = { status: 500, contentType: 'text/plain', body: 'cannot answer\n' };

const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  404: 'Not Found',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export function respond(response: HttpResponse, { status, contentType, body }: OpsAnswer): void {
  response.cork(() => {
    response
      .writeStatus(`${status} ${PHRASES[status] ?? 'Unknown'}`)
      .writeHeader('content-type', contentType)
      .writeHeader('x-content-type-options', 'nosniff')
      .end(body);
  });
}
