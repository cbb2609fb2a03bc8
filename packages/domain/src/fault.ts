import type * as t from 'io-ts';
import { Codec } from './codec.js';

/**
 * What is wrong with a value, as one sentence of at most some 300 characters that begins with the field, such as
 * `body.text contains a NUL character` or `users[3] must be ...`. Of several faults the most deeply nested.
 */
export function firstFault(errors: t.Errors): string {
  const { context, message } = errors.reduce((deepest, next) =>
    next.context.length > deepest.context.length ? next : deepest,
  );
  // A plain value that fits no alternative of a union is told all of them, not the rule of one.
  const union = context.findIndex(({ type, actual }) => tagOf(type) === 'UnionType' && !isObject(actual));
  const path = union === -1 ? context : context.slice(0, union + 1);
  const { type, actual } = path.at(-1) as t.ContextEntry;
  const where = fieldOf(path) || (type instanceof Codec && type.name) || 'the value';
  if (actual === undefined) return `${where} is missing`;
  return `${where} ${union === -1 && message !== undefined ? message : `must be ${kindOf(type)}`}`;
}

/** `body.text`, `users[3]`: the way to a field, without the alternatives of unions and intersections on it. */
function fieldOf(context: t.Context): string {
  let field = '';
  for (let i = 1; i < context.length; i++) {
    const { key } = context[i] as t.ContextEntry;
    const { type, actual } = context[i - 1] as t.ContextEntry;
    const tag = tagOf(type);
    if (tag === 'UnionType' || tag === 'IntersectionType') continue;
    if (Array.isArray(actual)) field += `[${key}]`;
    else field += `${field === '' ? '' : '.'}${key.length > 64 ? `${key.slice(0, 64)}…` : key}`;
  }
  return field;
}

/** What a codec without a sentence of its own wants. */
function kindOf(type: t.Decoder<unknown, unknown>): string {
  switch (tagOf(type)) {
    case 'InterfaceType':
    case 'PartialType':
    case 'ExactType':
    case 'IntersectionType':
    case 'DictionaryType':
      return 'an object';
    case 'ArrayType':
    case 'ReadonlyArrayType':
    case 'TupleType':
      return 'an array';
    case 'BooleanType':
      return 'true or false';
    case 'NumberType':
      return 'a number';
    case 'StringType':
      return 'a string';
    case 'LiteralType':
      return JSON.stringify((type as unknown as t.LiteralC<string>).value);
    default:
      return type.name ?? 'something else';
  }
}

const tagOf = (type: t.Decoder<unknown, unknown>): string | undefined => (type as { _tag?: string })._tag;
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
