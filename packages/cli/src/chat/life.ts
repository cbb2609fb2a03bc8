import { Life } from '@parley/domain/conversation/vocabulary';
import * as E from 'fp-ts/lib/Either.js';

/** What a life may be, for who typed another. */
export const LIVES = 'Whole seconds from 5 to 31536000.';

/** A life in seconds, as it is typed; undefined for what is none. */
export function readLife(text: string): number | undefined {
  const life = Life.decode(/^\d+$/.test(text) ? Number(text) : text);
  return E.isRight(life) ? life.right : undefined;
}
