import * as t from 'io-ts';
import { accepts, Codec } from './codec.js';
import * as E from './either.js';

type Fields = { readonly [key: string]: t.Mixed };
type Shaped<R extends Fields, O extends Fields> = { [K in keyof R]: t.TypeOf<R[K]> } & {
  [K in keyof O]?: t.TypeOf<O[K]>;
};

/**
 * Codec of an object with `required` fields and perhaps `optional` ones. What it gives is a new object of these fields
 * alone, each read from the input itself and never from its prototype: io-ts's own `strict` and `intersection` let a
 * JSON key `__proto__` bring fields in that no codec has seen. Stops at the first field that does not fit.
 */
export function shape<R extends Fields>(required: R): Codec<Shaped<R, Record<never, never>>>;
export function shape<R extends Fields, O extends Fields>(required: R, optional: O): Codec<Shaped<R, O>>;
export function shape(required: Fields, optional: Fields = {}): Codec<object> {
  const wanted = Object.entries(required);
  const possible = Object.entries(optional);
  const fields = [
    ...wanted.map(([key, codec]) => ({ key, fits: accepts(codec) })),
    ...possible.map(([key, codec]) => ({ key, fits: orNothing(accepts(codec)) })),
  ];
  return new Codec<object>(
    '',
    (input): input is object =>
      isRecord(input) &&
      wanted.every(([key, codec]) => codec.is(own(input, key))) &&
      possible.every(([key, codec]) => own(input, key) === undefined || codec.is(own(input, key))),
    (input, context) => {
      if (!isRecord(input)) return t.failure(input, context, 'must be an object');
      const shaped: Record<string, unknown> = {};
      for (const [key, codec] of wanted) {
        const field = read(input, key, codec, context);
        if (E.isLeft(field)) return field;
        shaped[key] = field.right;
      }
      for (const [key, codec] of possible) {
        if (own(input, key) === undefined) continue;
        const field = read(input, key, codec, context);
        if (E.isLeft(field)) return field;
        shaped[key] = field.right;
      }
      return t.success(shaped);
    },
    (of) => ({
      type: 'object',
      properties: Object.fromEntries([...wanted, ...possible].map(([key, codec]) => [key, of(codec)])),
      required: wanted.map(([key]) => key),
    }),
    (input) => isRecord(input) && fields.every(({ key, fits }) => fits(own(input, key))),
  );
}

/** Codec of objects of several kinds, told apart by the field `tag`; `rule` says in words which there are. */
export function variants<V extends Fields>(tag: string, kinds: V, rule: string): Codec<t.TypeOf<V[keyof V]>> {
  const kindOf = (input: unknown): t.Mixed | undefined => {
    const value = isRecord(input) ? own(input, tag) : undefined;
    return typeof value === 'string' && Object.hasOwn(kinds, value) ? kinds[value] : undefined;
  };
  return new Codec(
    '',
    (input): input is t.TypeOf<V[keyof V]> => kindOf(input)?.is(input) ?? false,
    (input, context) =>
      kindOf(input)?.validate(input, context) ?? t.failure(input, context, `must be ${rule}`),
    (of) => ({ oneOf: Object.values(kinds).map(of) }),
  ) as Codec<t.TypeOf<V[keyof V]>>;
}

/** Codec of a map with at most `max` entries; larger ones are refused before their entries are looked at. */
export function boundedRecord<A>(
  name: string,
  key: t.Type<string, string, unknown>,
  value: t.Type<A, unknown, unknown>,
  max: number,
): Codec<Readonly<Record<string, A>>> {
  return new Codec<Readonly<Record<string, A>>>(
    name,
    (input): input is Readonly<Record<string, A>> =>
      isRecord(input) && Object.entries(input).every(([k, v]) => key.is(k) && value.is(v)),
    (input, context) => {
      if (!isRecord(input)) return t.failure(input, context, 'must be an object');
      const keys = Object.keys(input);
      if (keys.length > max) {
        return t.failure(input, context, `has ${keys.length} entries, at most ${max} are allowed`);
      }
      const entries: [string, A][] = [];
      for (const each of keys) {
        const name = key.validate(each, t.appendContext(context, each, key, each));
        if (E.isLeft(name)) return name;
        const entry = read(input, each, value, context);
        if (E.isLeft(entry)) return entry;
        entries.push([each, entry.right]);
      }
      // Unlike an assignment, this makes `__proto__` a key like any other.
      return t.success(Object.fromEntries(entries));
    },
    (of) => ({
      type: 'object',
      title: name,
      maxProperties: max,
      propertyNames: of(key),
      additionalProperties: of(value),
    }),
  );
}

const orNothing =
  (fits: (input: unknown) => boolean) =>
  (input: unknown): boolean =>
    input === undefined || fits(input);

type Input = Readonly<Record<string, unknown>>;

const isRecord = (input: unknown): input is Input =>
  typeof input === 'object' && input !== null && !Array.isArray(input);

const own = (input: Input, key: string): unknown => (Object.hasOwn(input, key) ? input[key] : undefined);

function read<A>(
  input: Input,
  key: string,
  codec: t.Decoder<unknown, A>,
  context: t.Context,
): t.Validation<A> {
  const value = own(input, key);
  return codec.validate(value, t.appendContext(context, key, codec, value));
}
