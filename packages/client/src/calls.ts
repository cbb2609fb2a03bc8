import * as E from '@parley/domain/either';
import { decodeWith } from '@parley/domain/text';
import { isIdempotent, coreMethods as methods } from '@parley/domain/wire/core-methods';
import type { ParamsOf, ResultOf } from '@parley/domain/wire/methods';
import type * as t from 'io-ts';
import type { QueuedCommand } from './outbox/command.js';
import { RefusalError } from './refusal-error.js';

type CommandName = {
  [M in CoreName]: (typeof methods)[M]['dispatch'] extends 'command' | 'account' ? M : never;
}[CoreName];
type CoreName = keyof typeof methods;
/** What `call` knows; a call's media is asked for by voice/ask-voice.ts. */
export type CallableName = Exclude<CoreName, 'session.open' | 'session.renew'>;

/** Parameters of a method; a command's id is made if it is not given. */
export type CallParams<M extends CallableName> = M extends CommandName
  ? Omit<ParamsOf<M>, 'commandId'> & { readonly commandId?: string }
  : ParamsOf<M>;

/** Calls a method of the wire and reads its answer. @throws RefusalError */
export type Call = <M extends CallableName>(method: M, params: CallParams<M>) => Promise<ResultOf<M>>;

export type CallRoutes = {
  /** Commands, in the order of their lane. */
  readonly submit: (command: QueuedCommand) => Promise<unknown>;
  /** Everything else, once. */
  readonly ask: (method: string, params: unknown) => Promise<unknown>;
};

/** The lane of commands that are of no conversation: those of the account, in one order. */
const ACCOUNT_LANE = '@account';

export function createCall({ submit, ask }: CallRoutes): Call {
  return async <M extends CallableName>(method: M, params: CallParams<M>): Promise<ResultOf<M>> => {
    const answer = await (isIdempotent(methods[method])
      ? submit(commandOf(method, params))
      : ask(method, checked(method, params)));
    const decoded = decodeWith(methods[method].result as t.Type<unknown>, answer);
    if (E.isLeft(decoded)) throw new Error(`${method}: the server's answer does not fit: ${decoded.left}`);
    return decoded.right as ResultOf<M>;
  };
}

/**
 * A command ready to be sent, under an id of its own unless it has one.
 *
 * @throws RefusalError `InvalidParams`
 */
export function commandOf<M extends CallableName>(
  method: M,
  params: CallParams<M>,
  isKept = false,
): QueuedCommand {
  const whole = checked(method, { commandId: crypto.randomUUID(), ...params });
  const { commandId, conversationId: lane = ACCOUNT_LANE } = whole;
  return {
    commandId: commandId as string,
    lane: lane as string,
    method,
    params: whole,
    at: Date.now(),
    isKept,
  };
}

function checked(method: CallableName, params: unknown): Readonly<Record<string, unknown>> {
  const decoded = decodeWith(methods[method].params as t.Type<unknown>, params);
  if (E.isLeft(decoded)) throw new RefusalError('InvalidParams', decoded.left);
  return decoded.right as Readonly<Record<string, unknown>>;
}
