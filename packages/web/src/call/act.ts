import { RefusalError } from '@parley/client/refusal-error';
import { say, sayWhy } from '../parts/toasts.js';
import { wordsOfError } from './words.js';

/** Does something in a call, and says why where it could not be done. */
export function act(doing: Promise<unknown>, media: 'voice' | 'video' = 'voice'): void {
  doing.catch((error: unknown) => {
    if (error instanceof RefusalError) return sayWhy(error);
    const { title, text } = wordsOfError(error, media);
    say(`${title}. ${text}`, 'problem');
  });
}

/** A screen that is not chosen in the browser's own dialog is no fault. */
export function actOnScreen(doing: Promise<unknown>): void {
  act(
    doing.catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'NotAllowedError') throw error;
    }),
  );
}
