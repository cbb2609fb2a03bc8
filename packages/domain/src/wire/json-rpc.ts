import * as E from 'fp-ts/lib/Either.js';
import { type Refusal, refusals, refuse, sentenceOf } from '../conversation/refusals.js';

/** Requests one batch may hold. */
export const MAX_BATCH = 100;

export type RequestId = string | number | null;

/** A JSON-RPC 2.0 request; without `id` it is a notification and gets no answer. */
export type Request = {
  readonly id?: RequestId;
  readonly method: string;
  readonly params: unknown;
};

/** A frame: one request, or a batch whose items are each a request or a refusal. */
export type Frame =
  | { readonly tag: 'single'; readonly request: E.Either<Refusal, Request> }
  | { readonly tag: 'batch'; readonly requests: readonly E.Either<Refusal, Request>[] };

/** Reads a text frame (JSON-RPC 2.0, sections 4 and 6). An empty batch is an invalid request. */
export function readFrame(text: string): E.Either<Refusal, Frame> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return E.left(refuse('ParseError'));
  }
  if (!Array.isArray(json)) return E.right({ tag: 'single', request: readRequest(json) });
  if (json.length === 0) return E.left(refuse('InvalidRequest', 'the batch is empty'));
  if (json.length > MAX_BATCH) return E.left(refuse('BatchTooLarge', `${json.length} requests`));
  return E.right({ tag: 'batch', requests: json.map(readRequest) });
}

/** Params of any form pass: the method's codec refuses them, and then the answer has the request's id. */
function readRequest(json: unknown): E.Either<Refusal, Request> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return E.left(refuse('InvalidRequest'));
  const { jsonrpc, method, id, params } = json as Record<string, unknown>;
  if (jsonrpc !== '2.0') return E.left(refuse('InvalidRequest', 'jsonrpc must be "2.0"'));
  if (typeof method !== 'string') return E.left(refuse('InvalidRequest', 'method must be a string'));
  if (id !== undefined && !isRequestId(id))
    return E.left(refuse('InvalidRequest', 'id must be a string of at most 100 characters or a safe number'));
  return E.right(id === undefined ? { method, params } : { id, method, params });
}

/** A number beyond 2^53 would come back as another one, so it is no id. */
const isRequestId = (id: unknown): id is RequestId =>
  id === null ||
  (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER) ||
  (typeof id === 'string' && id.length <= 100);

/** The error object of a refusal: `data` is stable and for programs, `message` is for people. */
export function errorObject(refusal: Refusal) {
  const { tag, about, retryAfterMs } = refusal;
  const { code, retryable } = refusals[tag];
  const facts = {
    ...(about === undefined ? {} : { about }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return { code, message: sentenceOf(refusal), data: { tag, retryable, ...facts } };
}

export type ErrorObject = ReturnType<typeof errorObject>;

export const resultFrame = (id: RequestId, result: unknown): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result ?? null)}}`;

export const errorFrame = (id: RequestId, refusal: Refusal): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(errorObject(refusal))}}`;

export const notificationFrame = (method: string, params: unknown): string =>
  `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${JSON.stringify(params)}}`;
