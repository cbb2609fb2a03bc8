import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { errorFrame, type Request, type RequestId, readFrame } from '@parley/domain/wire/json-rpc';
import { isMethodName, type MethodName, methods } from '@parley/domain/wire/methods';
import { isVoiceMethod, type VoiceMethod } from '@parley/domain/wire/voice';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import { refusedByLimit } from '../limits/limits.js';
import { answerSign, isSign } from './answer-sign.js';
import { drive } from './life.js';
import { openSession } from './open-session.js';
import { renewSession } from './renew-session.js';
import { send } from './send.js';
import type { Session } from './session.js';

/** Largest frame a client may send. */
export const MAX_FRAME = 128 * 1024;

/** Requests of one session that may wait for answers when a frame comes; with more, those of the frame are refused. */
export const MAX_IN_FLIGHT = 64;

/**
 * Characters of one batch's answer, up to which results of any size are taken; after that only short ones are. What is
 * refused so was done all the same: a command that is sent again with its id gets its first answer.
 */
const MAX_BATCH_ANSWER = 1024 * 1024;
const SHORT_ANSWER = 4 * 1024;

/** Takes the answer to one request and the request's id; undefined for a notification, which gets none. */
type Respond = (answer: string | undefined, id?: RequestId) => void;

/** Handles a frame as it comes from the socket. `bytes` is only valid until this returns. */
export function receive(gateway: Gateway, session: Session, bytes: ArrayBuffer, isBinary: boolean): void {
  gateway.metrics.framesIn.inc();
  if (isBinary) return void drive(gateway, session, { tag: 'broke', how: 'ProtocolError' });
  if (bytes.byteLength > MAX_FRAME)
    return void drive(gateway, session, { tag: 'broke', how: 'FrameTooLarge' });
  const frame = readFrame(Buffer.from(bytes).toString());
  const reply: Respond = (answer) => {
    if (answer !== undefined) send(gateway.metrics, session, answer);
  };
  if (E.isLeft(frame)) return reply(refused(gateway, null, frame.left));
  const isBusy = session.inFlight >= MAX_IN_FLIGHT;
  if (frame.right.tag === 'single') return handle(gateway, session, frame.right.request, isBusy, reply);
  const { requests } = frame.right;
  const respond = collectBatch(requests.length, reply);
  for (const request of requests) handle(gateway, session, request, isBusy, respond);
}

function handle(
  gateway: Gateway,
  session: Session,
  read: E.Either<Refusal, Request>,
  isBusy: boolean,
  respond: Respond,
): void {
  if (E.isLeft(read)) return respond(refused(gateway, null, read.left));
  const { id, method, params = {} } = read.right;
  const no = (refusal: Refusal) => respond(refused(gateway, id, refusal), id);
  const answered = (answer: E.Either<Refusal, string>) =>
    E.isLeft(answer) ? no(answer.left) : respond(result(id, answer.right), id);
  if (!isMethodName(method)) return no(refuse('MethodNotFound', shown(method)));
  if (!isObject(params)) return no(refuse('InvalidParams', 'params must be an object'));
  if (id === undefined && isForItsAnswer(method)) return respond(undefined);
  if (method === 'session.open') return openSession(gateway, session, params, answered);
  if (drive(gateway, session, { tag: 'request' }, no)?.tag !== 'ask') return;
  const tooSoon = refusedByLimit(gateway, session, method, params);
  if (tooSoon !== undefined) return no(tooSoon);
  if (method === 'session.renew') return renewSession(gateway, session, params, answered);
  if (isBusy) return no(refuse('TooManyRequests'));
  if (gateway.stopping) return no(refuse('Unavailable', 'the gateway is stopping'));
  if (!gateway.isConnected) return no(refuse('Unavailable', 'the broker is away'));
  if (isSign(method)) {
    return answerSign(gateway, session, method, params, (answer) =>
      answered(E.map((sign: unknown) => JSON.stringify(sign))(answer)),
    );
  }
  if (isVoiceMethod(method)) return void askVoice(gateway, session, method, params, answered);
  void ask(gateway, session, { id, method, params }, respond);
}

/**
 * A notification does what the request would and gets no answer. What is asked for its answer alone would do nothing, so
 * it is not even passed on; nor is a session opened for who could not hear that it is open.
 */
const isForItsAnswer = (method: MethodName): boolean =>
  method === 'session.open' || methods[method].dispatch === 'query';

async function ask(
  gateway: Gateway,
  session: Session,
  { id, method, params }: Request,
  respond: Respond,
): Promise<void> {
  const { caller } = session;
  if (caller === undefined) return respond(refused(gateway, id, refuse('NotAuthenticated')));
  session.inFlight++;
  const conversationId = conversationOf(params as Record<string, unknown>);
  const request = { method, params, caller };
  const reply = await gateway.ask(conversationId === undefined ? request : { ...request, conversationId });
  session.inFlight--;
  const as = reply.tag === 'refusal' ? reply.refusal.tag : undefined;
  if (as === 'DeviceRevoked' || as === 'PersonErased')
    setImmediate(() => drive(gateway, session, { tag: 'revoked', as }));
  if (id === undefined) return respond(undefined);
  respond(reply.tag === 'result' ? result(id, reply.json) : errorFrame(id, reply.refusal), id);
}

async function askVoice(
  gateway: Gateway,
  session: Session,
  method: VoiceMethod,
  params: unknown,
  answered: (answer: E.Either<Refusal, string>) => void,
): Promise<void> {
  session.inFlight++;
  const answer = await gateway.voice.answer(session, method, params).catch((error: unknown) => {
    gateway.log.error({ err: error, method }, 'a voice request failed');
    return E.left(refuse('InternalError'));
  });
  session.inFlight--;
  answered(E.map((result: unknown) => JSON.stringify(result))(answer));
}

/** Which conversation's order a request keeps, as far as it names one; whether it is a good name is command-api's to say. */
function conversationOf({ conversationId, marks }: Record<string, unknown>): string | undefined {
  if (typeof conversationId === 'string') return conversationId;
  const first: unknown = Array.isArray(marks) ? marks[0]?.conversationId : undefined;
  return typeof first === 'string' ? first : undefined;
}

/** One answer for a whole batch, when the last of its requests is answered; none if all were notifications. */
function collectBatch(count: number, reply: Respond): Respond {
  const answers: string[] = [];
  let left = count;
  let size = 0;
  return (answer, id = null) => {
    left--;
    if (answer !== undefined) {
      const isTooMuch = answer.length > SHORT_ANSWER && size + answer.length > MAX_BATCH_ANSWER && size > 0;
      const taken = isTooMuch
        ? errorFrame(id, refuse('TooManyRequests', 'the answer of the batch is too long'))
        : answer;
      size += taken.length;
      answers.push(taken);
    }
    if (left === 0 && answers.length > 0) reply(`[${answers.join(',')}]`);
  };
}

/** A notification is refused in silence (JSON-RPC 2.0, section 4.1). */
function refused({ metrics }: Gateway, id: RequestId | undefined, refusal: Refusal): string | undefined {
  metrics.refusals.inc({ tag: refusal.tag });
  return id === undefined ? undefined : errorFrame(id, refusal);
}

const result = (id: RequestId | undefined, json: string): string | undefined =>
  id === undefined ? undefined : `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`;

const isObject = (params: unknown): boolean =>
  typeof params === 'object' && params !== null && !Array.isArray(params);

/** What a client called a method, short and harmless enough to be said back. */
const shown = (method: string): string => JSON.stringify(method.slice(0, 60));
