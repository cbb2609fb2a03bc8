import { InvalidArgumentError } from 'commander';

/** A public key on the command line. */
export function signerKey(text: string): string {
  if (/^[\w-]{43}$/.test(text)) return text;
  throw new InvalidArgumentError('It has 43 letters, digits, - and _: see `parley erasure key`.');
}
