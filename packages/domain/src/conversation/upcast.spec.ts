import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../log/envelope.js';
import { GARDEN, NOON } from '../testing/commands.js';
import { type EventType, eventCodecs } from './events.js';
import { evolve } from './evolve.js';
import { initial } from './state.js';
import { upcast } from './upcast.js';

/** As the first version wrote it: plain ids, the owner first. */
const first = {
  id: 'garden:1',
  type: 'conversation.created',
  version: 1,
  conversationId: GARDEN,
  seq: 1,
  at: NOON,
  actor: 'ann',
  commandId: 'c-1',
  data: { kind: 'group', title: 'Garden', members: ['ann', 'bob', 'cem'] },
};

describe('a creation of version 1', () => {
  it('is read as one of today', () => {
    expect(decodeEnvelope(first)).toStrictEqual(
      E.right({
        ...first,
        version: 3,
        data: {
          kind: 'group',
          title: 'p0."Garden"',
          ttl: null,
          members: [
            { user: 'ann', role: 'owner', banHash: 'unkeyed-0' },
            { user: 'bob', role: 'member', banHash: 'unkeyed-1' },
            { user: 'cem', role: 'member', banHash: 'unkeyed-2' },
          ],
        },
      }),
    );
  });

  it('folds, and a ban of one of its members removes nobody else', () => {
    const created = decodeEnvelope(first);
    const banned = decodeEnvelope({
      ...first,
      id: 'garden:2',
      type: 'member.banned',
      seq: 2,
      commandId: 'c-2',
      data: { banHash: 'unkeyed-1' },
    });
    if (E.isLeft(created) || E.isLeft(banned)) throw new Error('must decode');
    const state = evolve(evolve(initial, created.right), banned.right);
    expect(state.tag === 'open' && [...state.members.keys()]).toStrictEqual(['ann', 'cem']);
  });

  it('keeps a life of messages it has', () => {
    expect(upcast('conversation.created', 1, { kind: 'group', ttl: 60, members: [] })).toMatchObject({
      ttl: 60,
    });
  });

  it('that is damaged is refused by the codec, not by a throw', () => {
    for (const data of [undefined, null, 5, [], {}, { members: 'ann' }, { kind: 'group', members: [5] }]) {
      const decoded = decodeEnvelope({ ...first, data });
      expect(decoded).toMatchObject({
        _tag: 'Left',
        left: expect.stringMatching(/^data of conversation.created: /),
      });
    }
  });
});

describe('upcasting', () => {
  it('leaves events of the newest version alone', () => {
    for (const type of Object.keys(eventCodecs) as EventType[]) {
      const data = { members: ['ann'] };
      expect(upcast(type, eventCodecs[type].version, data)).toBe(data);
    }
  });

  it('has a step from every older version, and never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(eventCodecs) as EventType[])),
        fc.nat(5),
        fc.jsonValue(),
        (type, version, data) => {
          upcast(type, version, data);
        },
      ),
    );
    for (const [type, { version }] of Object.entries(eventCodecs)) {
      for (let from = 1; from < version; from++) {
        const data = { members: ['ann'] };
        expect(upcast(type as EventType, from, data), `${type} ${from}`).not.toBe(data);
      }
    }
  });
});
