import { readSealedText } from '@parley/domain/sealing/sealed-text';

declare const brand: unique symbol;

/** JSON that may lie in the log: no body and no title in it can be read. Made by {@link logText} alone. */
export type LogText = string & { readonly [brand]: 'log' };

/**
 * The JSON of an event or receipt for the log.
 *
 * @throws where a body or title in it is not sealed: what is in the log stays there, so that must never happen.
 */
export function logText(stored: object): LogText {
  const { data } = stored as { data?: { body?: unknown; title?: unknown } };
  for (const content of [data?.body, data?.title])
    if (content !== undefined && (typeof content !== 'string' || readSealedText(content) === undefined))
      throw new Error('a body or title that is not sealed must not be appended');
  return JSON.stringify(stored) as LogText;
}
