import { RefusalError } from '@parley/client/refusal-error';
import { refusals } from '@parley/domain/conversation/refusals';
import { describe, expect, it } from 'vitest';
import { wordsOfEnd, wordsOfError, wordsOfRefusal } from './words.js';

const browserError = (name: string): Error => Object.assign(new Error('no'), { name });

describe('words of a call', () => {
  it.each(['ended', 'removed', 'replaced', 'elsewhere', 'lost', 'CallFull', 'SomethingNew'])(
    'say why it ended: %s',
    (why) => {
      const words = wordsOfEnd(why);
      expect(words?.title).toMatch(/^[A-Z].{8,}/);
      expect(words?.text.length).toBeGreaterThan(5);
    },
  );

  it('are none for who left', () => {
    expect(wordsOfEnd('left')).toBe(undefined);
  });

  it.each([
    ['NotAllowedError', /may not be used/, /site settings/],
    ['NotFoundError', /^No microphone or camera found/, /Plug one in/],
    ['NotReadableError', /cannot be opened/, /Another program/],
  ])('say what to do about %s, and that one may listen', (name, title, text) => {
    const words = wordsOfError(browserError(name), 'video');
    expect(words.title).toMatch(title);
    expect(words.text).toMatch(text);
    expect(words.mayListen).toBe(true);
  });

  it.each([
    ['camera', 'NotFoundError', 'No camera found'],
    ['camera', 'NotAllowedError', 'The camera may not be used'],
    ['microphone', 'NotReadableError', 'The microphone cannot be opened'],
    ['screen', 'NotAllowedError', 'The screen cannot be shared'],
    ['camera', 'TypeError', 'That was not done'],
  ] as const)('name what was not turned on in a call: %s, %s', (device, name, title) => {
    expect(wordsOfError(browserError(name), device).title).toBe(title);
  });

  it('say of what was refused in a call what the table says', () => {
    expect(wordsOfEnd('NotAMember')?.text).toBe(refusals.NotAMember.sentence);
  });

  it('say what is waited for where no server is', () => {
    expect(wordsOfRefusal('VoiceUnavailable')).toMatch(/^No server can carry this call now/);
    expect(wordsOfRefusal(undefined)).toBe(undefined);
  });

  it('say the sentence of a refusal', () => {
    expect(wordsOfError(new RefusalError('CallFull'), 'voice').title).toBe('The call is full');
    const refused = wordsOfError(new RefusalError('VoiceUnavailable'), 'voice');
    expect(refused.text).toContain('No node can carry this call');
    expect(refused.mayRetry).toBe(true);
  });
});
