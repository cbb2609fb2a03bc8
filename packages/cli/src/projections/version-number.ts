import { InvalidArgumentError } from 'commander';

/** A build on the command line: its number, or the name of its schema, `rm_<number>`. */
export function versionNumber(text: string): number {
  const digits = /^(?:rm_)?([1-9][0-9]{0,5})$/.exec(text)?.[1];
  if (digits === undefined)
    throw new InvalidArgumentError(
      'A version is a number, such as 2; `parley projections status` lists them.',
    );
  return Number(digits);
}
