import { decodeWith } from '@parley/domain/text';
import {
  isIdempotent,
  type MethodName,
  methods,
  type ParamsOf,
  type ResultOf,
} from '@parley/domain/wire/methods';
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { RefusalError } from './refusal-error.js';

type CommandName = {
  [M in MethodName]: (typeof methods)[M]['dispatch'] extends 'command' | 'account' ? M : never;
}[MethodName];
export type CallableName = Exclude<MethodName, 'session.open' | 'session.renew'>;

/** Parameters of a method; a command's id is made if it is not given. */
export type CallParams<M extends CallableName> = M extends CommandName
  ? Omit<ParamsOf<M>, 'commandId'> & { readonly commandId?: string }
  : ParamsOf<M>;

/** Calls a method of the wire and reads its answer. @throws RefusalError */
export type Call = <M extends CallableName>(method: M, params: CallParams<M>) => Promise<ResultOf<M>>;

export type CallRoutes = {
  /** Commands, in the order of their conversation. */
  readonly submit: (lane: string, method: string, params: unknown) => Promise<unknown>;
  /** Everything else, once. */
  readonly ask: (method: string, params: unknown) => Promise<unknown>;
};

/** The lane of commands that are of no conversation: those of the account, in one order. */
const ACCOUNT_LANE = '@account';

export function createCall({ submit, ask }: CallRoutes): Call {
  return async <M extends CallableName>(method: M, params: CallParams<M>): Promise<ResultOf<M>> => {
    const { params: codec, result } = methods[method];
    const isCommand = isIdempotent(methods[method]);
    const whole = isCommand ? { commandId: crypto.randomUUID(), ...params } : params;
    const checked = decodeWith(codec as t.Type<unknown>, whole);
    if (E.isLeft(checked)) throw new RefusalError('InvalidParams', checked.left);
    const { conversationId = ACCOUNT_LANE } = checked.right as { readonly conversationId?: string };
    const answer = await (isCommand
      ? submit(conversationId, method, checked.right)
      : ask(method, checked.right));
    const decoded = decodeWith(result as t.Type<unknown>, answer);
    if (E.isLeft(decoded)) throw new Error(`${method}: the server's answer does not fit: ${decoded.left}`);
    return decoded.right as ResultOf<M>;
  };
}
