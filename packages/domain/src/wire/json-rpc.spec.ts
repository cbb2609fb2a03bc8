import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { refuse } from '../conversation/refusals.js';
import { anyText } from '../testing/arbitraries.js';
import {
  errorFrame,
  errorObject,
  type Frame,
  MAX_BATCH,
  notificationFrame,
  readFrame,
  resultFrame,
} from './json-rpc.js';

const single = (text: string) => {
  const frame = readFrame(text);
  if (E.isLeft(frame) || frame.right.tag !== 'single') throw new Error('not a single request');
  return frame.right.request;
};
const batch = (text: string) => {
  const frame = readFrame(text);
  if (E.isLeft(frame) || frame.right.tag !== 'batch') throw new Error('not a batch');
  return frame.right.requests;
};
const tagOf = (request: E.Either<{ readonly tag: string }, unknown>) =>
  E.isLeft(request) ? request.left.tag : 'fine';

describe('the examples of the JSON-RPC 2.0 specification', () => {
  it('calls with positional and with named parameters', () => {
    expect(single('{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}')).toStrictEqual(
      E.right({ id: 1, method: 'subtract', params: [42, 23] }),
    );
    expect(
      single(
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
      ),
    ).toStrictEqual(E.right({ id: 3, method: 'subtract', params: { subtrahend: 23, minuend: 42 } }));
  });

  it('notifies', () => {
    expect(single('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}')).toStrictEqual(
      E.right({ method: 'update', params: [1, 2, 3, 4, 5] }),
    );
    expect(single('{"jsonrpc": "2.0", "method": "foobar"}')).toStrictEqual(
      E.right({ method: 'foobar', params: undefined }),
    );
  });

  it('calls with invalid JSON', () => {
    expect(readFrame('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]')).toStrictEqual(
      E.left(refuse('ParseError')),
    );
  });

  it('calls with an invalid request', () => {
    expect(tagOf(single('{"jsonrpc": "2.0", "method": 1, "params": "bar"}'))).toBe('InvalidRequest');
  });

  it('calls with a batch of invalid JSON', () => {
    expect(
      readFrame(
        '[\n  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},\n  {"jsonrpc": "2.0", "method"\n]',
      ),
    ).toStrictEqual(E.left(refuse('ParseError')));
  });

  it('calls with an empty batch', () => {
    expect(readFrame('[]')).toStrictEqual(E.left(refuse('InvalidRequest', 'the batch is empty')));
  });

  it('calls with an invalid batch', () => {
    expect(batch('[1]').map(tagOf)).toStrictEqual(['InvalidRequest']);
    expect(batch('[1,2,3]').map(tagOf)).toStrictEqual(['InvalidRequest', 'InvalidRequest', 'InvalidRequest']);
  });

  it('calls with a batch', () => {
    const requests = batch(`[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`);
    expect(requests.map(tagOf)).toStrictEqual(['fine', 'fine', 'fine', 'InvalidRequest', 'fine', 'fine']);
    expect(requests[1]).toStrictEqual(E.right({ method: 'notify_hello', params: [7] }));
    expect(requests[5]).toStrictEqual(E.right({ id: '9', method: 'get_data', params: undefined }));
  });

  it('answers in the words of the specification', () => {
    expect(resultFrame(1, 19)).toBe('{"jsonrpc":"2.0","id":1,"result":19}');
    expect(JSON.parse(errorFrame('1', refuse('MethodNotFound')))).toMatchObject({
      jsonrpc: '2.0',
      id: '1',
      error: { code: -32601 },
    });
    expect(JSON.parse(errorFrame(null, refuse('ParseError')))).toMatchObject({
      id: null,
      error: { code: -32700 },
    });
    expect(JSON.parse(errorFrame(null, refuse('InvalidRequest')))).toMatchObject({ error: { code: -32600 } });
    expect(JSON.parse(errorFrame(2, refuse('InvalidParams')))).toMatchObject({ error: { code: -32602 } });
    expect(JSON.parse(errorFrame(2, refuse('InternalError')))).toMatchObject({ error: { code: -32603 } });
  });
});

describe('a request', () => {
  const withId = (id: string) => `{"jsonrpc":"2.0","method":"m","id":${id}}`;

  it('has an id that comes back as it was', () => {
    for (const id of ['0', '-1', '1.5', '9007199254740991', '"a"', '""', `"${'x'.repeat(100)}"`, 'null']) {
      expect(single(withId(id))).toStrictEqual(
        E.right({ id: JSON.parse(id), method: 'm', params: undefined }),
      );
    }
    for (const id of [
      '9007199254740992',
      '-9007199254740993',
      '1e400',
      `"${'x'.repeat(101)}"`,
      'true',
      '{}',
      '[]',
      '[1]',
    ]) {
      expect(tagOf(single(withId(id))), id).toBe('InvalidRequest');
    }
  });

  it('is of version 2.0 and has a method by name', () => {
    for (const text of [
      '{}',
      '{"method":"m"}',
      '{"jsonrpc":2.0,"method":"m"}',
      '{"jsonrpc":"1.0","method":"m"}',
      '{"jsonrpc":"2.0"}',
      '{"jsonrpc":"2.0","method":null}',
    ]) {
      expect(tagOf(single(text)), text).toBe('InvalidRequest');
    }
    for (const text of ['null', '5', '"hello"', 'true'])
      expect(tagOf(single(text)), text).toBe('InvalidRequest');
  });

  it('takes nothing from a prototype', () => {
    expect(tagOf(single('{"__proto__": {"jsonrpc":"2.0","method":"m","id":1}}'))).toBe('InvalidRequest');
  });

  it('passes parameters of any form on, so that their refusal has its id', () => {
    for (const params of ['null', '5', '"x"', '[[1]]', '{"a":{}}']) {
      expect(single(`{"jsonrpc":"2.0","method":"m","id":7,"params":${params}}`)).toStrictEqual(
        E.right({ id: 7, method: 'm', params: JSON.parse(params) }),
      );
    }
  });
});

describe('a batch', () => {
  it('holds 100 requests at most', () => {
    const many = (count: number) =>
      `[${Array.from({ length: count }, () => '{"jsonrpc":"2.0","method":"m"}').join()}]`;
    expect(MAX_BATCH).toBe(100);
    expect(batch(many(100))).toHaveLength(100);
    expect(readFrame(many(101))).toStrictEqual(E.left(refuse('BatchTooLarge', '101 requests')));
    expect(tagOf(readFrame(`[${'1,'.repeat(50_000)}1]`))).toBe('BatchTooLarge');
  });

  it('within a batch is no request', () => {
    expect(batch('[[{"jsonrpc":"2.0","method":"m"}]]').map(tagOf)).toStrictEqual(['InvalidRequest']);
  });
});

describe('a frame', () => {
  it('is read or refused, and never the reason of a throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify([value])),
        ),
        (text) => {
          const frame: E.Either<unknown, Frame> = readFrame(text);
          expect(E.isLeft(frame) || E.isRight(frame)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
    for (const text of ['', '\u0000', '\ufeff{}', `${'['.repeat(60_000)}`, `${'{"a":'.repeat(20_000)}`]) {
      expect(tagOf(readFrame(text))).toBe('ParseError');
    }
    expect(batch(`${'['.repeat(60_000)}${']'.repeat(60_000)}`).map(tagOf)).toStrictEqual(['InvalidRequest']);
  });
});

describe('an answer', () => {
  it('is JSON with the id of its request, whatever the id', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.maxSafeInteger(), fc.constant(null)), fc.jsonValue(), (id, result) => {
        expect(JSON.parse(resultFrame(id, result))).toStrictEqual(
          JSON.parse(JSON.stringify({ jsonrpc: '2.0', id, result })),
        );
        expect(JSON.parse(errorFrame(id, refuse('NotAMember')))).toStrictEqual({
          jsonrpc: '2.0',
          id,
          error: errorObject(refuse('NotAMember')),
        });
      }),
    );
    expect(resultFrame(1, undefined)).toBe('{"jsonrpc":"2.0","id":1,"result":null}');
  });

  it('that refuses has a code, a sentence, a tag, and whether to try again', () => {
    expect(errorObject(refuse('TooManyMembers', 'at most 10000'))).toStrictEqual({
      code: 1412,
      message: 'The conversation is full; remove somebody, or start another one. (at most 10000)',
      data: { tag: 'TooManyMembers', retryable: false },
    });
    expect(errorObject(refuse('Unavailable')).data.retryable).toBe(true);
  });

  it('nobody asked for is a notification, without an id', () => {
    expect(notificationFrame('typing', { user: 'ann' })).toBe(
      '{"jsonrpc":"2.0","method":"typing","params":{"user":"ann"}}',
    );
  });
});
