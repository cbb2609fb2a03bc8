import { setTimeout as sleep } from 'node:timers/promises';
import { onInterrupt } from './interrupt.js';

/** From one look to the next, in ms. */
const APART = 1_000;

/**
 * Looks again and again, until Ctrl-C or until `print` says that nobody reads any more; on a terminal each look takes the place of the one before.
 */
export async function lookAgain<A>(
  look: () => Promise<A>,
  print: (seen: A) => Promise<boolean>,
  { json }: { readonly json?: true },
): Promise<void> {
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const isDrawn = process.stdout.isTTY && !json;
  if (isDrawn) process.stdout.write(HIDE_CURSOR);
  try {
    while (!signal.aborted) {
      const seen = await look();
      if (signal.aborted) return;
      if (isDrawn) process.stdout.write(CLEAR);
      if (!(await print(seen))) return;
      await sleep(APART, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    if (isDrawn) process.stdout.write(SHOW_CURSOR);
  }
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** To the top left, and everything below it away. */
const CLEAR = '\u001b[H\u001b[J';
