import type * as t from 'io-ts';

export type JsonSchema = { readonly [key: string]: unknown };

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
 * JSON Schema (2020-12) of a codec, for OpenAPI and AsyncAPI, so that no shape is written twice. Codecs of our own kind
 * (bounded text, patterned text) appear as their type with their name as title.
 */
export function jsonSchema(codec: t.Mixed): JsonSchema {
  const tagged = codec as unknown as Tagged;
  switch (tagged._tag) {
    case 'StringType':
      return { type: 'string' };
    case 'NumberType':
      return { type: 'number' };
    case 'BooleanType':
      return { type: 'boolean' };
    case 'NullType':
      return { type: 'null' };
    case 'LiteralType':
      return { const: tagged.value };
    case 'KeyofType':
      return { type: 'string', enum: Object.keys(tagged.keys ?? {}) };
    case 'ExactType':
      return { ...jsonSchema(tagged.type as t.Mixed), additionalProperties: false };
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
      return { type: 'object', additionalProperties: jsonSchema(tagged.codomain as t.Mixed) };
    case 'TupleType':
      return { type: 'array', prefixItems: (tagged.types ?? []).map(jsonSchema) };
    default:
      return described(tagged.name, codec);
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
    additionalProperties: false,
  };
}

/** Our own codecs say what they accept in the error for a value of the wrong type; their `is` tells which type it is. */
function described(name: string, codec: t.Mixed): JsonSchema {
  if (codec.is('')) return { type: 'string', title: name };
  if (codec.is(0)) return { type: 'integer', title: name };
  return codec.is([]) ? { type: 'array', title: name } : { title: name };
}
