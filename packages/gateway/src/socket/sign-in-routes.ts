import * as E from 'fp-ts/lib/Either.js';
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uwebsockets';
import { type Asker, isAskedFromHere, MAX_QUESTION, offer, signIn } from '../site/local-sign-in.js';

/**
 * Signing in by a name alone, at `/v1/sign-in`: for a stack on one's own machine. It is there only where
 * PARLEY_LOCAL_SIGN_IN is on, and answers nobody but this machine's own pages; everyone else finds nothing.
 */
export function serveSignIn(app: TemplatedApp, secret: Uint8Array): void {
  app.get('/v1/sign-in', (response, request) => {
    if (isAskedFromHere(asker(response, request))) send(response, '200 OK', offer());
    else send(response, '404 Not Found', NOTHING);
  });
  app.post('/v1/sign-in', (response, request) => {
    const isAllowed = isAskedFromHere(asker(response, request));
    // A form of another page cannot have this type without asking first.
    const isJson = request.getHeader('content-type').startsWith('application/json');
    const parts: Buffer[] = [];
    let isGone = false;
    response.onAborted(() => {
      isGone = true;
    });
    response.onData((chunk, isLast) => {
      if (isGone) return;
      // Its memory is taken back after this call.
      parts.push(Buffer.from(new Uint8Array(chunk)));
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      const refused = !isAllowed ? '404 Not Found' : !isJson || bytes > MAX_QUESTION ? '400 Bad Request' : '';
      if (refused !== '') {
        isGone = true;
        return send(response, refused, NOTHING);
      }
      if (!isLast) return;
      void signIn(secret, Buffer.concat(parts)).then((answer) => {
        if (isGone) return;
        if (E.isRight(answer)) send(response, '200 OK', answer.right);
        else send(response, '422 Unprocessable Content', JSON.stringify({ detail: answer.left }));
      });
    });
  });
}

const NOTHING = '{}';

function asker(response: HttpResponse, request: HttpRequest): Asker {
  return {
    remoteAddress: Buffer.from(response.getRemoteAddressAsText()).toString('latin1'),
    host: request.getHeader('host'),
    origin: request.getHeader('origin'),
    fetchSite: request.getHeader('sec-fetch-site'),
  };
}

function send(response: HttpResponse, status: string, body: string): void {
  response.cork(() => {
    response
      .writeStatus(status)
      .writeHeader('content-type', 'application/json')
      .writeHeader('cache-control', 'no-store')
      .writeHeader('x-content-type-options', 'nosniff')
      .end(body);
  });
}
