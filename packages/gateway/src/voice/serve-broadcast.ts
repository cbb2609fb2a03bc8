import { contentTypeOf, isBroadcastFile, isSegment } from '@parley/infra/voice/broadcast-file';
import { verifyWatch } from '@parley/infra/voice/watch-token';
import * as E from 'fp-ts/lib/Either.js';
import type { HttpResponse, TemplatedApp } from 'uwebsockets';
import type { VoiceCore } from './voice-core.js';
import { BROADCAST_PREFIX } from './watch.js';

type Answer = {
  readonly status:
    | '200 OK'
    | '403 Forbidden'
    | '404 Not Found'
    | '429 Too Many Requests'
    | '503 Service Unavailable';
  readonly type: string;
  readonly cache: string;
  readonly body: Buffer | string;
  /** In s. */
  readonly retryAfter?: number;
};

/** Serves broadcasts at `/v1/hls/<token>/<file>` to members, by the tokens that `voice.watch` gives. */
export function serveBroadcasts(app: TemplatedApp, core: VoiceCore): void {
  app.get(`${BROADCAST_PREFIX}*`, (response, request) => {
    const path = request.getUrl().slice(BROADCAST_PREFIX.length);
    let isGone = false;
    response.onAborted(() => {
      isGone = true;
    });
    void answer(core, path).then((answered) => {
      if (!isGone) send(response, answered);
    });
  });
}

/** Never rejects. */
async function answer(core: VoiceCore, path: string): Promise<Answer> {
  const [, token = '', name = ''] = /^([^/]{1,2048})\/(.+)$/.exec(path) ?? [];
  if (core.key === undefined || !isBroadcastFile(name)) return said('404 Not Found', 'no such file');
  const watch = await verifyWatch(core.key, token, Date.now());
  if (E.isLeft(watch)) return said('403 Forbidden', 'ask voice.watch for another address');
  const { conversationId, call, user } = watch.right;
  const member = await core.watchers.check(conversationId, user);
  if (E.isLeft(member))
    return member.left.tag === 'ConversationNotFound'
      ? said('403 Forbidden', 'only members may watch this')
      : said('503 Service Unavailable', 'nobody knows now who may watch this');
  const wanted = { conversationId, call, name };
  const wait = core.broadcastFiles.isHere(wanted) ? undefined : core.fetches.take(user);
  if (wait !== undefined) {
    core.gateway.metrics.limited.inc({ what: 'files', of: 'user' });
    return tooMany(wait);
  }
  const file = await core.broadcastFiles.get(wanted, token);
  if (typeof file === 'string') return said('404 Not Found', file);
  const cache = isSegment(name) ? 'private, max-age=60, immutable' : 'no-cache';
  return { status: '200 OK', type: contentTypeOf(name), cache, body: file };
}

const said = (status: Answer['status'], body: string): Answer => ({
  status,
  type: 'text/plain',
  cache: 'no-store',
  body: `${body}\n`,
});

/** RFC 6585, 4. */
const tooMany = (waitMs: number): Answer => ({
  ...said('429 Too Many Requests', 'you ask for too many files that are not there; go on with the newest'),
  retryAfter: Math.ceil(waitMs / 1_000),
});

/** What a slow reader has not taken yet stays the one copy that is kept for everybody: a thousand of them hold no thousand segments. */
function send(response: HttpResponse, { status, type, cache, body, retryAfter }: Answer): void {
  const whole = typeof body === 'string' ? Buffer.from(body) : body;
  response.cork(() => {
    response
      .writeStatus(status)
      .writeHeader('content-type', type)
      .writeHeader('cache-control', cache)
      .writeHeader('x-content-type-options', 'nosniff')
      // The token is in the address: a player of another page may read what its address opens.
      .writeHeader('access-control-allow-origin', '*');
    if (retryAfter !== undefined) response.writeHeader('retry-after', String(retryAfter));
    const [isTaken] = response.tryEnd(whole, whole.length);
    if (!isTaken) response.onWritable((offset) => response.tryEnd(whole.subarray(offset), whole.length)[0]);
  });
}
