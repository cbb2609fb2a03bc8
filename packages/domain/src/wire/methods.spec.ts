import { describe, expect, it } from 'vitest';
import { commandCodecs } from '../conversation/commands.js';
import { decodeWith } from '../text.js';
import { MAX_RESUME, type Method, SessionOpen } from './core-methods.js';
import { isMethodName, methods } from './methods.js';
import { isQueryType, queryCodecs } from './queries.js';
import { voiceMethods } from './voice.js';

const rows = Object.entries<Method>(methods);
const SYSTEM_ALONE = ['message.expire', 'message.erase', 'member.erase'];

describe('the methods', () => {
  it('are every command but those of the system, every query, what belongs to a user or a session, and voice', () => {
    const expected = [
      ...Object.keys(commandCodecs),
      ...Object.keys(queryCodecs),
      'receipt.mark',
      'device.register',
      'device.revoke',
      'account.erase',
      'session.open',
      'session.renew',
      'typing.set',
      'presence.set',
      'presence.watch',
      ...Object.keys(voiceMethods),
    ];
    expect(Object.keys(methods).sort()).toStrictEqual(
      expected.filter((name) => !SYSTEM_ALONE.includes(name)).sort(),
    );
    for (const [name, { dispatch, params }] of rows) {
      if (dispatch === 'command') expect(params).toBe(commandCodecs[name as keyof typeof commandCodecs]);
      if (dispatch === 'query') expect(params).toBe(queryCodecs[name as keyof typeof queryCodecs]);
    }
  });

  it('are known by their names and by nothing that every object has', () => {
    expect(Object.keys(methods).every(isMethodName)).toBe(true);
    expect(Object.keys(queryCodecs).every(isQueryType)).toBe(true);
    for (const name of [...SYSTEM_ALONE, 'constructor', '__proto__', '', 'MESSAGE.SEND']) {
      expect(isMethodName(name)).toBe(false);
      expect(isQueryType(name)).toBe(false);
    }
  });

  it('have a place each in HTTP, of which every parameter is a field of theirs', () => {
    const places = rows.flatMap(([, { http }]) => (http === undefined ? [] : [`${http.verb} ${http.path}`]));
    expect(new Set(places).size).toBe(places.length);
    for (const [name, { http, params }] of rows) {
      if (http === undefined) continue;
      expect(http.path, name).toMatch(/^\/v1(\/:?[A-Za-z]+)+$/);
      for (const [, field] of http.path.matchAll(/:(\w+)/g)) {
        expect(decodeWith(params, {}), `${name} ${field}`).toMatchObject({ _tag: 'Left' });
      }
    }
  });

  it('are asked for by GET when they are queries, and never otherwise', () => {
    for (const [name, { dispatch, http }] of rows)
      expect(http?.verb === 'GET', name).toBe(dispatch === 'query');
  });

  it('have a sentence each', () => {
    for (const [name, { summary }] of rows) expect(summary, name).toMatch(/^[A-Z].*\.$/);
  });
});

describe('opening a session', () => {
  const open = (resume: object) => decodeWith(SessionOpen, { token: 'a.b.c', device: 'phone', resume });

  it('resumes conversations by their ids, as many as allowed', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, 1]));
    expect(open(many(MAX_RESUME))).toMatchObject({ _tag: 'Right' });
    expect(open(many(MAX_RESUME + 1))).toStrictEqual({
      _tag: 'Left',
      left: 'resume has 10001 entries, at most 10000 are allowed',
    });
    for (const id of ['>', '*', 'a.b', '', 'a b']) expect(open({ [id]: 1 })).toMatchObject({ _tag: 'Left' });
    // Told of a conversation, and cut off before its first event.
    expect(open({ garden: 0 })).toMatchObject({ _tag: 'Right' });
    for (const seq of [-1, 1.5, '1', null, 2 ** 53])
      expect(open({ garden: seq })).toMatchObject({ _tag: 'Left' });
  });

  it('needs a token of a sane size', () => {
    const withToken = (token: unknown) => decodeWith(SessionOpen, { token, device: 'phone' });
    expect(withToken('x'.repeat(8_192))).toMatchObject({ _tag: 'Right' });
    for (const token of ['', 'x'.repeat(8_193), 'a\u0000', 5, undefined])
      expect(withToken(token)).toMatchObject({ _tag: 'Left' });
  });
});
