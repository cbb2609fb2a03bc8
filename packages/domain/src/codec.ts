import * as t from 'io-ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** A codec of ours: it also says, as JSON Schema, what it accepts; `of` gives the schema of a codec within. */
export class Codec<A> extends t.Type<A, A, unknown> {
  constructor(
    name: string,
    is: (input: unknown) => input is A,
    validate: t.Validate<unknown, A>,
    readonly schema: (of: (codec: t.Mixed) => JsonSchema) => JsonSchema,
  ) {
    super(name, is, validate, t.identity);
  }
}
