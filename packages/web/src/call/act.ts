import { RefusalError } from '@parley/client/refusal-error';
import { say, sayWhy } from '../parts/toasts.js';
import { type Device, wordsOfError } from './words.js';

/** Does something in a call, and says why where it could not be done. */
export function act(doing: Promise<unknown>, device: Device = 'microphone'): void {
  doing.catch((error: unknown) => {
    if (error instanceof RefusalError) return sayWhy(error);
    const { title, text } = wordsOfError(error, device);
    say(`${title}. ${text}`, 'problem');
  });
}

/** A screen that is not chosen in the browser's own dialog is no fault. */
export function actOnScreen(doing: Promise<unknown>): void {
  act(
    doing.catch((error: unknown) => {
      // Chromium gives both one name: the person let it be, or the system forbids it to the browser.
      const isLetBe =
        error instanceof Error && error.name === 'NotAllowedError' && !/system/.test(error.message);
      if (!isLetBe) throw error;
    }),
    'screen',
  );
}
