import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../log/envelope.js';
import { command, NOON, text } from '../testing/commands.js';
import { created, envelopes, happened, sent } from '../testing/given.js';
import { refusedAccess } from './access.js';
import type { Command } from './commands.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { type Conversation, initial } from './state.js';

const past = envelopes([
  created('group', { ann: 'owner', bob: 'member' }),
  sent('ann', 1),
  happened('ann', 'message.pinned', { seq: 2, author: 'ann' }),
]).map((event) => ({ ...event, importedTo: 3 }));

const after = (events: readonly Envelope[]): Conversation => events.reduce(evolve, initial as Conversation);

const send = command('message.send', 'ann', { body: text('hello') });
const erase = command('conversation.erase', 'olga', {});

describe('a conversation of which an import has brought a part', () => {
  const part = after(past.slice(0, 2));

  it('refuses every command for now, also those of the system', () => {
    const own = command('message.expire', '@system', { ranges: [[2, 2]] });
    for (const each of [send, own, command('conversation.create', 'ann', { kind: 'group', members: [] })])
      expect(decide(part, each as Command), each.type).toMatchObject({ left: { tag: 'Unavailable' } });
  });

  it('is read by nobody for now', () => {
    expect(refusedAccess(part, 'ann', NOON)).toMatchObject({ tag: 'Unavailable' });
  });

  it('can be given up by an operator', () => {
    expect(decide(part, { ...erase, asOperator: true } as Command)).toEqual(
      E.right({ type: 'conversation.erased', data: {} }),
    );
    expect(decide(part, erase)).toMatchObject({ left: { tag: 'Unavailable' } });
  });

  it('is like any other when its last event is there', () => {
    const whole = after(past);
    expect(E.isRight(decide(whole, send))).toBe(true);
    expect(refusedAccess(whole, 'ann', NOON)).toBeUndefined();
    expect(whole).toEqual(after(past.map(({ importedTo: _, ...event }) => event as Envelope)));
  });
});
