import { type LetterPlace, placeOfLetter } from '@parley/projector/parked/letters';
import { InvalidArgumentError } from 'commander';

/** A letter on the command line: the stream and the place in it. */
export type LetterId = LetterPlace & { readonly id: string };

export function letterId(id: string): LetterId {
  const place = placeOfLetter(id);
  if (place !== undefined) return { ...place, id };
  throw new InvalidArgumentError(
    'A letter is <stream>:<sequence>, such as CONV_03:1234; `parley dead-letters list` lists them.',
  );
}

/** One or more of them. */
export const letterIds = (id: string, before: readonly LetterId[] | undefined): readonly LetterId[] => [
  ...(before ?? []),
  letterId(id),
];
