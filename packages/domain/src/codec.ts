import * as t from 'io-ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** A codec of ours: it also says, as JSON Schema, what it accepts; `of` gives the schema of a codec within. */
export class Codec<A> extends t.Type<A, A, unknown> {
  constructor(
    name: string,
    is: (input: unknown) => input is A,
    validate: t.Validate<unknown, A>,
    readonly schema: (of: (codec: t.Mixed) => JsonSchema) => JsonSchema,
    /** Whether `validate` succeeds, where that can be told without making anything. */
    readonly fits?: (input: unknown) => boolean,
  ) {
    super(name, is, validate, t.identity);
  }
}

/** Says of any input whether a codec decodes it; without what it would give, and several times as fast. */
export const accepts = (codec: t.Mixed): ((input: unknown) => boolean) =>
  codec instanceof Codec && codec.fits !== undefined
    ? codec.fits
    : (input) => codec.validate(input, [])._tag === 'Right';
