import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { type EventType, eventCodecs, isEventType } from '../conversation/events.js';
import { anyEvent } from '../testing/arbitraries.js';
import { GARDEN, NOON } from '../testing/commands.js';
import { decodeEnvelope, envelop, isNewest } from './envelope.js';

const place = { conversationId: GARDEN, seq: 7, at: NOON, actor: 'ann', commandId: 'c-7' };
const sent = { type: 'message.sent', data: { ordinal: 3, body: 'p0.{}' } } as const;
const stored = { id: 'garden:7', type: 'message.sent', version: 1, ...place, data: sent.data };
const fault = (change: object): string => {
  const decoded = decodeEnvelope({ ...stored, ...change });
  return E.isLeft(decoded) ? decoded.left : 'no fault';
};

describe('an envelope', () => {
  it('is an event at its place, under an id that is the place, in its newest version', () => {
    expect(envelop(sent, place)).toStrictEqual(stored);
    const producer = { id: 'log.txt', position: 4 };
    expect(envelop(sent, { ...place, producer })).toStrictEqual({ ...stored, producer });
    const created = {
      type: 'conversation.created',
      data: { kind: 'group', ttl: null, members: [] },
    } as const;
    expect(envelop(created, place).version).toBe(3);
  });

  it('comes back from JSON as it was, for every event there is', () => {
    fc.assert(
      fc.property(anyEvent, fc.integer({ min: 1, max: 1_000_000 }), (event, seq) => {
        const envelope = event(seq);
        expect(decodeEnvelope(JSON.parse(JSON.stringify(envelope)))).toStrictEqual(E.right(envelope));
      }),
      { numRuns: 500 },
    );
  });

  it('loses fields nobody knows, in itself and in its data', () => {
    const extra = { ...stored, trace: 'x', data: { ...stored.data, colour: 'red' } };
    expect(decodeEnvelope(extra)).toStrictEqual(E.right(stored));
    const text = JSON.stringify(stored).replace(
      '"data":{',
      '"__proto__":{"producer":5},"data":{"__proto__":{"replyTo":"x"},',
    );
    expect(decodeEnvelope(JSON.parse(text))).toStrictEqual(E.right(stored));
  });

  it('is refused, not skipped, when nobody knows its type', () => {
    for (const type of ['message.painted', '', 'constructor', '__proto__', 'toString']) {
      expect(fault({ type })).toBe(`type: nobody knows the event ${type}`);
    }
  });

  it('is refused when its version is from the future', () => {
    expect(fault({ version: 2 })).toBe('version: message.sent has version 2, this process knows up to 1');
    expect(fault({ type: 'conversation.created', version: 4 })).toContain('this process knows up to 3');
  });

  it('is refused with the field that does not fit', () => {
    expect(fault({ seq: 0 })).toBe('seq must be a whole number from 1 to 9007199254740991');
    expect(fault({ seq: 2 ** 53 })).toMatch(/^seq must be/);
    expect(fault({ at: -1 })).toMatch(/^at must be/);
    expect(fault({ version: 0 })).toMatch(/^version must be/);
    expect(fault({ actor: '@root' })).toBe('actor must be a userId');
    expect(fault({ conversationId: 'a.b' })).toMatch(/^conversationId must be/);
    expect(fault({ commandId: undefined })).toBe('commandId is missing');
    expect(fault({ producer: { id: 'x' } })).toBe('producer.position is missing');
    expect(fault({ data: undefined })).toBe('data of message.sent: the value is missing');
    expect(fault({ data: { ordinal: 3 } })).toBe('data of message.sent: body is missing');
    expect(fault({ data: { ordinal: 3, body: 'hello' } })).toBe(
      'data of message.sent: body must be a scheme and a payload',
    );
  });

  it('is refused when it is no object at all', () => {
    for (const input of [undefined, null, 5, 'x', [], [stored]])
      expect(E.isLeft(decodeEnvelope(input))).toBe(true);
  });

  it('is never the reason of a throw, whatever the log holds', () => {
    const anything = fc.record({
      type: fc.constantFrom(...Object.keys(eventCodecs), 'x'),
      version: fc.constantFrom(1, 2, 0),
      data: fc.jsonValue(),
    });
    fc.assert(
      fc.property(anything, (event) => {
        expect(decodeEnvelope({ ...stored, ...event })).toHaveProperty('_tag');
      }),
    );
  });
});

describe('an event in its newest form', () => {
  it('is told from others by what decoding says, for every event there is', () => {
    fc.assert(
      fc.property(anyEvent, fc.integer({ min: 1, max: 1_000_000 }), (event, seq) => {
        expect(isNewest(JSON.parse(JSON.stringify(event(seq))))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('decodes to itself, whatever it is', () => {
    const field = fc.constantFrom(
      'id',
      'type',
      'version',
      'conversationId',
      'seq',
      'at',
      'actor',
      'commandId',
      'data',
      'producer',
    );
    const value = fc.oneof(fc.constant(undefined), fc.jsonValue());
    fc.assert(
      fc.property(anyEvent, field, value, fc.boolean(), (event, name, wrong, inData) => {
        const whole = JSON.parse(JSON.stringify(event(3)));
        const [first] = Object.keys(whole.data);
        if (inData && first !== undefined) whole.data[first] = wrong;
        else whole[name] = wrong;
        const decoded = decodeEnvelope(JSON.parse(JSON.stringify(whole)));
        if (isNewest(whole))
          expect(decoded).toMatchObject({ _tag: 'Right', right: { version: whole.version } });
        else if (E.isRight(decoded)) expect(decoded.right.version).not.toBe(whole.version);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is none of an older version, of a type nobody knows, or with a field that does not fit', () => {
    const older = { ...stored, type: 'conversation.renamed', version: 1, data: { title: 'Garden' } };
    expect(E.isRight(decodeEnvelope(older))).toBe(true);
    for (const other of [
      older,
      { ...stored, type: 'constructor' },
      { ...stored, version: 2 },
      { ...stored, seq: 0 },
      null,
      [],
    ])
      expect(isNewest(other)).toBe(false);
  });
});

describe('the events', () => {
  it('are known by their names and by nothing that every object has', () => {
    expect((Object.keys(eventCodecs) as EventType[]).every(isEventType)).toBe(true);
    for (const name of ['constructor', '__proto__', 'message.send']) expect(isEventType(name)).toBe(false);
  });
});
