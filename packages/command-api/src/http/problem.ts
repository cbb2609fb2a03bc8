import { type Refusal, refusals, sentenceOf } from '@parley/domain/conversation/refusals';
import type { FastifyReply } from 'fastify';

/** Answers a refusal as problem details (RFC 9457). `tag` is stable and the same on every transport. */
export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { http, code, retryable, sentence } = refusals[refusal.tag];
  const { about, retryAfterMs } = refusal;
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  return reply
    .status(http)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: `urn:parley:refusal:${refusal.tag}`,
        title: sentence,
        status: http,
        detail: sentenceOf(refusal),
        tag: refusal.tag,
        code,
        retryable,
        ...(about === undefined ? {} : { about }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      }),
    );
}
