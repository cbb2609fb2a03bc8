import { InvalidArgumentError } from 'commander';

/** A partition on the command line. */
export function partitionNumber(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number from 0.');
}
