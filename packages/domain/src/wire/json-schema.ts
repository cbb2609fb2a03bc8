import type * as t from 'io-ts';
import { Codec, type JsonSchema } from '../codec.js';

export type { JsonSchema };

/** A tagged io-ts codec, as far as deriving a schema needs to look. */
type Tagged = {
  readonly _tag?: string;
  readonly name: string;
  readonly props?: Record<string, t.Mixed>;
  readonly type?: t.Mixed;
  readonly types?: readonly t.Mixed[];
  readonly keys?: Record<string, unknown>;
  readonly value?: unknown;
  readonly codomain?: t.Mixed;
};

/**
 * JSON Schema (2020-12) of a codec, for OpenAPI and AsyncAPI, so that no shape is written twice. It accepts what the codec
 * accepts, unknown fields too, since those are dropped and not refused; the codec is stricter only in what JSON
 * Schema cannot say: bytes and lone surrogates.
 *
 * @throws for a codec nobody taught it.
 */
export function jsonSchema(codec: t.Mixed): JsonSchema {
  if (codec instanceof Codec) return codec.schema(jsonSchema);
  const tagged = codec as unknown as Tagged;
  switch (tagged._tag) {
    case 'StringType':
      return { type: 'string' };
    case 'NumberType':
      return { type: 'number' };
    case 'BooleanType':
      return { type: 'boolean' };
    case 'UnknownType':
      return {};
    case 'AnyDictionaryType':
      return { type: 'object' };
    case 'NullType':
      return { type: 'null' };
    case 'LiteralType':
      return { const: tagged.value };
    case 'KeyofType':
      return { type: 'string', enum: Object.keys(tagged.keys ?? {}) };
    case 'ExactType':
      return jsonSchema(tagged.type as t.Mixed);
    case 'InterfaceType':
      return { type: 'object', properties: properties(tagged), required: Object.keys(tagged.props ?? {}) };
    case 'PartialType':
      return { type: 'object', properties: properties(tagged) };
    case 'IntersectionType':
      return merged((tagged.types ?? []).map(jsonSchema));
    case 'UnionType':
      return { oneOf: (tagged.types ?? []).map(jsonSchema) };
    case 'ReadonlyArrayType':
    case 'ArrayType':
      return { type: 'array', items: jsonSchema(tagged.type as t.Mixed) };
    case 'DictionaryType':
      // Keys that do not fit are dropped, not refused.
      return { type: 'object', additionalProperties: jsonSchema(tagged.codomain as t.Mixed) };
    case 'TupleType':
      return tuple((tagged.types ?? []).map(jsonSchema));
    default:
      throw new Error(`no JSON Schema is known for the codec ${tagged.name}`);
  }
}

function properties({ props }: Tagged): JsonSchema {
  return Object.fromEntries(Object.entries(props ?? {}).map(([key, codec]) => [key, jsonSchema(codec)]));
}

function merged(parts: readonly JsonSchema[]): JsonSchema {
  return {
    type: 'object',
    properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})),
    required: parts.flatMap((part) => (part.required as string[] | undefined) ?? []),
  };
}

const tuple = (items: readonly JsonSchema[]): JsonSchema => ({
  type: 'array',
  prefixItems: items,
  minItems: items.length,
});
