import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeBody } from '../conversation/body.js';
import type { Envelope } from '../log/envelope.js';
import { anyEvent } from '../testing/arbitraries.js';
import { NOON, text } from '../testing/commands.js';
import { envelopes, happened, type Past } from '../testing/given.js';
import { plainLiveEvent } from './live.js';
import { isPastItsLife, withoutContent } from './past-its-life.js';

const body = closeBody(text('hello'));
const only = (past: Past): Envelope => envelopes([past])[0] as Envelope;

const tellings = [
  happened('ann', 'message.sent', { ordinal: 1, body, expiresAt: NOON }),
  happened('ann', 'message.edited', { seq: 2, body, expiresAt: NOON }),
  happened('ann', 'message.reacted', { seq: 2, emoji: '🌱', removed: false, expiresAt: NOON }),
];

describe('an event that tells of a message', () => {
  it('is past its life from the moment the message expires', () => {
    for (const past of tellings) {
      expect(isPastItsLife(only(past), NOON - 1)).toBe(false);
      expect(isPastItsLife(only(past), NOON)).toBe(true);
    }
  });

  it('never is where the message has no end, nor where it tells of something else', () => {
    expect(isPastItsLife(only(happened('ann', 'message.sent', { ordinal: 1, body })), NOON * 2)).toBe(false);
    expect(isPastItsLife(only(happened('ann', 'message.pinned', { seq: 2, author: 'ann' })), NOON * 2)).toBe(
      false,
    );
  });

  it('keeps its place and loses what it said', () => {
    const [sent, edited, reacted] = tellings.map((past) => withoutContent(plainLiveEvent(only(past))));
    expect(sent).toMatchObject({ seq: 1, actor: 'ann' });
    expect(sent?.data).toStrictEqual({ ordinal: 1, body: null, expiresAt: NOON, sealed: 'gone' });
    expect(edited?.data).toStrictEqual({ seq: 2, body: null, expiresAt: NOON, sealed: 'gone' });
    expect(reacted?.data).toStrictEqual({ seq: 2, removed: false, expiresAt: NOON, sealed: 'gone' });
  });

  it('shows neither body nor emoji without its content, whatever it is', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const { data } = withoutContent(plainLiveEvent(event(1)));
        expect(data.body ?? null).toBeNull();
        expect(data).not.toHaveProperty('emoji');
      }),
    );
  });
});
