import { refusals } from '@parley/domain/conversation/refusals';
import { closeCodes } from '@parley/domain/wire/close-codes';
import { type Method } from '@parley/domain/wire/core-methods';
import { type JsonSchema, jsonSchema } from '@parley/domain/wire/json-schema';
import { methods } from '@parley/domain/wire/methods';
import { notices } from '@parley/domain/wire/notices';

/** AsyncAPI 3.0 description of the socket: requests with their results, notifications, error and close codes. */
export function asyncApi(): JsonSchema {
  const requests = Object.entries<Method>(methods);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Parley socket',
      version: '1.0.0',
      description:
        'JSON-RPC 2.0 in text frames of at most 128 KiB. The first request is session.open, within 5 seconds.',
    },
    servers: {
      gateway: {
        host: 'localhost',
        pathname: '/v1/ws',
        protocol: 'ws',
        description: 'Subprotocol parley.v1.',
      },
    },
    channels: {
      socket: {
        address: '/v1/ws',
        messages: {
          ...Object.fromEntries(requests.map(([name, row]) => [name, request(name, row)])),
          ...Object.fromEntries(
            Object.entries(notices).map(([name, params]) => [
              `on.${name}`,
              notification(name, jsonSchema(params)),
            ]),
          ),
        },
      },
    },
    operations: {
      ask: {
        action: 'send',
        channel: { $ref: '#/channels/socket' },
        messages: requests.map(([name]) => messageRef(name)),
      },
      hear: {
        action: 'receive',
        channel: { $ref: '#/channels/socket' },
        messages: Object.keys(notices).map((name) => messageRef(`on.${name}`)),
      },
    },
    'x-error-codes': refusals,
    'x-close-codes': closeCodes,
  };
}

const messageRef = (name: string): JsonSchema => ({ $ref: `#/channels/socket/messages/${name}` });

const request = (name: string, { params, result, summary }: Method): JsonSchema => ({
  name,
  summary,
  payload: {
    type: 'object',
    properties: {
      jsonrpc: { const: '2.0' },
      id: { type: ['string', 'number', 'null'] },
      method: { const: name },
      params: jsonSchema(params),
    },
    required: ['jsonrpc', 'method', 'params'],
  },
  'x-result': jsonSchema(result),
});

const notification = (name: string, params: JsonSchema): JsonSchema => ({
  name,
  payload: {
    type: 'object',
    properties: { jsonrpc: { const: '2.0' }, method: { const: name }, params },
    required: ['jsonrpc', 'method', 'params'],
  },
});
