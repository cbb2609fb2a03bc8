import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { commandCodecs } from '../conversation/commands.js';
import { eventCodecs } from '../conversation/events.js';
import { changedSomewhere } from '../testing/changed-somewhere.js';
import { samples } from '../testing/samples.js';
import { jsonSchema } from './json-schema.js';
import { type MethodName, methods } from './methods.js';

const ajv = new Ajv2020({ strict: true, strictTuples: false });
const names = Object.keys(methods) as MethodName[];

/** Codec and schema say the same of a value. */
function agree(codec: t.Mixed, validate: ReturnType<typeof ajv.compile>, value: unknown): void {
  const decoded = codec.decode(value);
  expect(validate(value), `${JSON.stringify(value)}: ${ajv.errorsText(validate.errors)}`).toBe(
    E.isRight(decoded),
  );
}

describe.each(names)('the schemas of %s', (name) => {
  const { params, result } = methods[name] as { params: t.Mixed; result: t.Mixed };

  it('are valid JSON Schema', () => {
    for (const codec of [params, result]) expect(ajv.validateSchema(jsonSchema(codec))).toBe(true);
  });

  it('accept what is good', () => {
    const sample = samples[name];
    expect(E.isRight(params.decode(sample.params))).toBe(true);
    expect(E.isRight(result.decode(sample.result))).toBe(true);
    agree(params, ajv.compile(jsonSchema(params)), sample.params);
    agree(result, ajv.compile(jsonSchema(result)), sample.result);
  });

  it('accept and refuse what the codecs accept and refuse', () => {
    const sample = samples[name];
    for (const [codec, good] of [
      [params, sample.params],
      [result, sample.result],
    ] as const) {
      const validate = ajv.compile(jsonSchema(codec));
      let accepted = 0;
      fc.assert(
        fc.property(changedSomewhere(good), (value) => {
          agree(codec, validate, value);
          if (validate(value)) accepted++;
        }),
        { numRuns: 150 },
      );
      expect(accepted).toBeGreaterThan(0);
      expect(accepted).toBeLessThan(150);
    }
  });
});

describe('a schema', () => {
  it('exists for every command and every event', () => {
    for (const codec of [
      ...Object.values(commandCodecs),
      ...Object.values(eventCodecs).map(({ data }) => data),
    ]) {
      expect(ajv.validateSchema(jsonSchema(codec))).toBe(true);
    }
  });

  it('agrees with its codec about pairs', () => {
    const codec = commandCodecs['message.expire'];
    const validate = ajv.compile(jsonSchema(codec));
    const good = { conversationId: 'garden', commandId: 'c-1', ranges: [[1, 2]] };
    for (const ranges of [[[1]], [[]], [[1, 2, 3]], [[0, 1]], [], [5]])
      agree(codec, validate, { ...good, ranges });
    fc.assert(fc.property(changedSomewhere(good), (value) => agree(codec, validate, value)));
  });

  it('names fields, bounds and alternatives', () => {
    expect(jsonSchema(commandCodecs['message.react'])).toMatchObject({
      type: 'object',
      required: ['conversationId', 'commandId', 'seq', 'emoji'],
      properties: {
        seq: { type: 'integer', minimum: 1, maximum: 9_007_199_254_740_991 },
        emoji: { type: 'string', minLength: 1, maxLength: 64 },
        remove: { type: 'boolean' },
      },
    });
    expect(jsonSchema(commandCodecs['message.send'])).toMatchObject({
      properties: {
        body: {
          oneOf: [{ required: ['kind', 'text'] }, { required: ['kind', 'ciphertext', 'nonce', 'tag'] }],
        },
      },
    });
  });

  it('is refused to a codec nobody taught it, rather than guessed', () => {
    const strange = new t.Type('strange', t.string.is, t.success, t.identity);
    expect(() => jsonSchema(strange as unknown as t.Mixed)).toThrow(
      'no JSON Schema is known for the codec strange',
    );
  });

  it('leaves to the codec what it cannot say: bytes and lone surrogates', () => {
    const codec = commandCodecs['conversation.rename'];
    const validate = ajv.compile(jsonSchema(codec));
    const titled = (title: string) => ({ conversationId: 'garden', commandId: 'c', title });
    for (const title of ['é'.repeat(200), 'a\ud800']) {
      expect(validate(titled(title))).toBe(true);
      expect(E.isRight(codec.decode(titled(title)))).toBe(false);
    }
    for (const title of ['é'.repeat(300), 'a\u0000']) expect(validate(titled(title))).toBe(false);
  });
});
