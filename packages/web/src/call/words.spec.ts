import { RefusalError } from '@parley/client/refusal-error';
import { describe, expect, it } from 'vitest';
import { wordsOfEnd, wordsOfError } from './words.js';

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
    ['NotFoundError', /^No microphone and camera found/, /Plug one in/],
    ['NotReadableError', /cannot be opened/, /Another program/],
  ])('say what to do about %s, and that one may listen', (name, title, text) => {
    const words = wordsOfError(browserError(name), 'video');
    expect(words.title).toMatch(title);
    expect(words.text).toMatch(text);
    expect(words.mayListen).toBe(true);
  });

  it('say the sentence of a refusal', () => {
    expect(wordsOfError(new RefusalError('CallFull'), 'voice').title).toBe('The call is full');
    const refused = wordsOfError(new RefusalError('VoiceUnavailable'), 'voice');
    expect(refused.text).toContain('No node can carry this call');
    expect(refused.mayRetry).toBe(true);
  });
});
