import { describe, expect, it } from 'vitest';
import { talk } from '../testing/big-log.js';
import { pageAdvances } from './page-advance.js';

const log = talk('den', 20);

describe('what a batch does to a cached page', () => {
  it('is to append its messages behind the revision before it', () => {
    expect(pageAdvances(log.slice(3, 6))).toMatchObject([{ tag: 'append', conversationId: 'den', from: 3 }]);
    const [advance] = pageAdvances(log.slice(3, 6));
    const lines = advance?.tag === 'append' ? advance.text.trim().split('\n') : [];
    expect(lines.map((line) => line.startsWith('#') || JSON.parse(line)[0])).toEqual([4, 5, 6, true]);
    expect(lines.at(-1)).toBe('#6');
  });

  it('is to append a revision alone where nothing was sent', () => {
    expect(pageAdvances(log.slice(0, 1))).toEqual([
      { tag: 'append', conversationId: 'den', from: 0, text: '#1\n' },
    ]);
  });

  it('is to be read again where an older message changed', () => {
    expect(log[11]?.type).toBe('message.edited');
    expect(pageAdvances(log.slice(9, 12))).toEqual([{ tag: 'reread', conversationId: 'den' }]);
  });

  it('is to be read again where an event is missing', () => {
    const [first, , third] = log.slice(3, 6);
    expect(pageAdvances([first, third] as typeof log)).toEqual([{ tag: 'reread', conversationId: 'den' }]);
  });
});
