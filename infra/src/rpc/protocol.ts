import { type Refusal, refuse } from '@parley/domain/conversation/refusals';

/**
 * How gateways ask command-api over NATS: lines `<id> <json>` in one message per event-loop tick, answered by lines
 * `<id> R<json result>` or `<id> E<json refusal>` to the message's inbox, in any order.
 */

/** Who asks: what the gateway read from a verified token. */
export type Caller = { readonly user: string; readonly device: string; readonly scopes: readonly string[] };

export type RpcRequest = { readonly method: string; readonly params: unknown; readonly caller: Caller };

/** A reply; the JSON text of a result is passed on to the client without being parsed. */
export type RpcReply =
  | { readonly tag: 'result'; readonly json: string }
  | { readonly tag: 'refusal'; readonly refusal: Refusal };

/** Anyone who serves requests, whoever is free. */
export const ANY_SUBJECT = 'rpc.any';
export const QUEUE_GROUP = 'command-api';
export const instanceSubject = (instance: string): string => `${INSTANCES}${instance}`;
/** Whose subject it is; nothing where it is anyone's. */
export const instanceOf = (subject: string): string | undefined =>
  subject.startsWith(INSTANCES) ? subject.slice(INSTANCES.length) : undefined;
const INSTANCES = 'rpc.to.';

/** Where instances say that they are there, every {@link ALIVE_MS}. */
export const ALIVE_SUBJECT = 'rpc.alive';
export const ALIVE_MS = 1_000;

/** Lines of a message as pairs of id and rest. A line that is none is left out. */
export function readLines(text: string): readonly (readonly [id: string, rest: string])[] {
  return text.split('\n').flatMap((line) => {
    const space = line.indexOf(' ');
    return space <= 0 ? [] : [[line.slice(0, space), line.slice(space + 1)] as const];
  });
}

export const replyLine = (id: string, reply: RpcReply): string =>
  reply.tag === 'result' ? `${id} R${reply.json}` : `${id} E${JSON.stringify(reply.refusal)}`;

export function readReply(rest: string): RpcReply {
  if (rest.startsWith('R')) return { tag: 'result', json: rest.slice(1) };
  try {
    return { tag: 'refusal', refusal: JSON.parse(rest.slice(1)) as Refusal };
  } catch {
    return { tag: 'refusal', refusal: refuse('InternalError') };
  }
}

export const unavailable = (detail: string): RpcReply => ({
  tag: 'refusal',
  refusal: refuse('Unavailable', detail),
});
