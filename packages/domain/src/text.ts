import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

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
 * Codec of text between `min` and `max` bytes of UTF-8 without NUL and lone surrogates.
 */
export function boundedText(name: string, min: number, max: number): t.Type<string, string, unknown> {
  return new t.Type<string, string, unknown>(
    name,
    t.string.is,
    (input, context) => {
      if (typeof input !== 'string') return t.failure(input, context, `${name} must be a string`);
      const fault = textFault(input);
      if (fault !== undefined) return t.failure(input, context, `${name} ${fault}`);
      const bytes = utf8Length(input);
      if (bytes < min || bytes > max) {
        return t.failure(input, context, `${name} has ${bytes} bytes, ${min} to ${max} are allowed`);
      }
      return t.success(input);
    },
    t.identity,
  );
}

/** Codec of a safe integer from `min` to `max`, both included. */
export function boundedInteger(name: string, min: number, max: number): t.Type<number, number, unknown> {
  return new t.Type<number, number, unknown>(
    name,
    t.number.is,
    (input, context) =>
      Number.isSafeInteger(input) && (input as number) >= min && (input as number) <= max
        ? t.success(input as number)
        : t.failure(input, context, `${name} must be a whole number from ${min} to ${max}`),
    t.identity,
  );
}

/** Codec of a string that matches `pattern`; `rule` says in words what is accepted. */
export function patternedText(name: string, pattern: RegExp, rule: string): t.Type<string, string, unknown> {
  return new t.Type<string, string, unknown>(
    name,
    t.string.is,
    (input, context) =>
      typeof input === 'string' && pattern.test(input)
        ? t.success(input)
        : t.failure(input, context, `${name} must be ${rule}`),
    t.identity,
  );
}

/** Codec of an array with `min` to `max` items; longer ones are refused before their items are looked at. */
export function boundedArray<A>(
  name: string,
  item: t.Type<A, unknown, unknown>,
  min: number,
  max: number,
): t.Type<readonly A[], unknown, unknown> {
  const items = t.readonlyArray(item);
  return new t.Type<readonly A[], unknown, unknown>(
    name,
    items.is,
    (input, context) => {
      if (!Array.isArray(input)) return t.failure(input, context, `${name} must be an array`);
      if (input.length < min || input.length > max) {
        return t.failure(input, context, `${name} has ${input.length} items, ${min} to ${max} are allowed`);
      }
      return items.validate(input, context);
    },
    t.identity,
  );
}

/** First fault of a failed validation as one sentence that names the field, such as `body.text: ...`. */
export function firstFault(errors: t.Errors): string {
  const error = errors.reduce((deepest, next) =>
    next.context.length > deepest.context.length ? next : deepest,
  );
  const path = error.context
    .map((entry) => entry.key)
    .filter((key) => key !== '' && !/^\d+$/.test(key))
    .join('.');
  const name = error.context.at(-1)?.type.name ?? 'value';
  const reason = error.message ?? `must be ${name}`;
  return path === '' ? reason : `${path}: ${reason}`;
}

/** Decodes `input` by `codec`, with one readable sentence where it does not fit. */
export function decodeWith<A>(codec: t.Type<A, unknown, unknown>, input: unknown): E.Either<string, A> {
  return E.mapLeft(firstFault)(codec.decode(input));
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
