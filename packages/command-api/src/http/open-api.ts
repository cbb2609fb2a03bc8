import { type RefusalTag, refusals } from '@parley/domain/conversation/refusals';
import { isIdempotent, type Method } from '@parley/domain/wire/core-methods';
import { type JsonSchema, jsonSchema } from '@parley/domain/wire/json-schema';
import { methods } from '@parley/domain/wire/methods';

/** OpenAPI 3.1 description of the HTTP interface, derived from the method table and its codecs. */
export function openApi(): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, row] of Object.entries<Method>(methods)) {
    if (row.http === undefined) continue;
    const path = row.http.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [row.http.verb.toLowerCase()]: operation(name, row, row.http.path) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parley',
      version: '1.0.0',
      description: 'Conversations: the same commands and queries as the socket.',
    },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: problem },
    },
    security: [{ bearer: [] }],
  };
}

function operation(name: string, row: Method, path: string): JsonSchema {
  const { properties = {}, required = [] } = jsonSchema(row.params) as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, key]) => key as string);
  const others = Object.keys(properties).filter((key) => !inPath.includes(key));
  const parameter = (key: string, where: 'path' | 'query') => ({
    name: key,
    in: where,
    required: where === 'path' || required.includes(key),
    schema: properties[key],
  });
  const asQuery = row.http?.verb === 'GET';
  return {
    operationId: name,
    summary: row.summary,
    parameters: [
      ...inPath.map((key) => parameter(key, 'path')),
      ...(asQuery ? others.map((key) => parameter(key, 'query')) : []),
      ...(isIdempotent(row) ? [idempotencyKey] : []),
    ],
    ...(asQuery ? {} : { requestBody: bodyOf(properties, required, others) }),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: jsonSchema(row.result) } } },
      default: {
        description: 'Refused; `tag` says why and `retryable` whether to try again.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function bodyOf(
  properties: Record<string, JsonSchema>,
  required: readonly string[],
  keys: readonly string[],
): JsonSchema {
  const schema = {
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, properties[key]])),
    // The header Idempotency-Key can stand for the command id.
    required: required.filter((key) => keys.includes(key) && key !== 'commandId'),
  };
  return { required: schema.required.length > 0, content: { 'application/json': { schema } } };
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The command id; the same id again returns the first answer.',
  schema: { type: 'string' },
};

const problem: JsonSchema = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    tag: { type: 'string', enum: Object.keys(refusals) as RefusalTag[] },
    code: { type: 'integer' },
    retryable: { type: 'boolean' },
  },
  required: ['type', 'title', 'status', 'detail', 'tag', 'code', 'retryable'],
};
