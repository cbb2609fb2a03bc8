import { readSealedText } from '@parley/domain/sealing/sealed-text';

declare const brand: unique symbol;

/** JSON that may lie in the log: no body in it can be read. Made by {@link logText} alone. */
export type LogText = string & { readonly [brand]: 'log' };

/**
 * The JSON of an event or receipt for the log.
 *
 * @throws where a body in it is not sealed: what is in the log stays there, so that must never happen.
 */
export function logText(stored: object): LogText {
  const { data } = stored as { data?: { body?: unknown } };
  const body = data?.body;
  if (body !== undefined && (typeof body !== 'string' || readSealedText(body) === undefined))
    throw new Error('a body that is not sealed must not be appended');
  return JSON.stringify(stored) as LogText;
}
