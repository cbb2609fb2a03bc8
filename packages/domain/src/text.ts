import * as t from 'io-ts';
import { Codec } from './codec.js';
import * as E from './either.js';
import { firstFault } from './fault.js';

/**
 * Number of bytes `text` takes in UTF-8. A lone surrogate counts 3, as its replacement character would.
 */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

/** Why `text` may not be stored, or undefined. Postgres refuses NUL; a lone surrogate has no UTF-8 form (RFC 3629). */
export function textFault(text: string): string | undefined {
  if (text.includes('\u0000')) return 'contains a NUL character';
  if (!text.isWellFormed()) return 'contains a lone surrogate';
  return undefined;
}

/**
 * Codec of text between `min` and `max` bytes of UTF-8 without NUL and lone surrogates. Its schema counts characters,
 * as JSON Schema does, so it accepts some long texts that are not accepted here.
 */
export function boundedText(name: string, min: number, max: number): Codec<string> {
  return new Codec(
    name,
    t.string.is,
    (input, context) => {
      if (typeof input !== 'string') return t.failure(input, context, 'must be a string');
      const fault = textFault(input);
      if (fault !== undefined) return t.failure(input, context, fault);
      const bytes = utf8Length(input);
      if (bytes < min || bytes > max) {
        return t.failure(input, context, `has ${bytes} bytes, ${min} to ${max} are allowed`);
      }
      return t.success(input);
    },
    () => ({
      type: 'string',
      title: name,
      description: `${min} to ${max} bytes of UTF-8`,
      minLength: Math.ceil(min / 4),
      maxLength: max,
      pattern: '^[^\\u0000]*$',
    }),
  );
}

/** Codec of a safe integer from `min` to `max`, both included. */
export function boundedInteger(name: string, min: number, max: number): Codec<number> {
  const fits = (input: unknown): boolean =>
    Number.isSafeInteger(input) && (input as number) >= min && (input as number) <= max;
  return new Codec(
    name,
    t.number.is,
    (input, context) =>
      fits(input)
        ? t.success(input as number)
        : t.failure(input, context, `must be a whole number from ${min} to ${max}`),
    () => ({ type: 'integer', title: name, minimum: min, maximum: max }),
    fits,
  );
}

/** Codec of a string that matches `pattern`; `rule` says in words what is accepted. */
export function patternedText(name: string, pattern: RegExp, rule: string): Codec<string> {
  const fits = (input: unknown): boolean => typeof input === 'string' && pattern.test(input);
  return new Codec(
    name,
    t.string.is,
    (input, context) =>
      fits(input) ? t.success(input as string) : t.failure(input, context, `must be ${rule}`),
    () => ({ type: 'string', title: name, description: rule, pattern: pattern.source }),
    fits,
  );
}

/** Codec of an array with `min` to `max` items; longer ones are refused before their items are looked at. */
export function boundedArray<A>(
  name: string,
  item: t.Type<A, unknown, unknown>,
  min: number,
  max: number,
): Codec<readonly A[]> {
  const items = t.readonlyArray(item);
  return new Codec<readonly A[]>(
    name,
    items.is,
    (input, context) => {
      if (!Array.isArray(input)) return t.failure(input, context, 'must be an array');
      if (input.length < min || input.length > max) {
        return t.failure(input, context, `has ${input.length} items, ${min} to ${max} are allowed`);
      }
      return items.validate(input, context);
    },
    (of) => ({ type: 'array', title: name, items: of(item), minItems: min, maxItems: max }),
  );
}

/** Decodes `input` by `codec`, with one readable sentence where it does not fit. */
export function decodeWith<A>(codec: t.Type<A, unknown, unknown>, input: unknown): E.Either<string, A> {
  return E.mapLeft(firstFault)(codec.decode(input));
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
