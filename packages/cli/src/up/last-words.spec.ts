import { describe, expect, it } from 'vitest';
import { lastWords } from './last-words.js';

const line = (level: number, msg: string, err?: object): string => `${JSON.stringify({ level, msg, err })}\n`;

describe('the last words of a service', () => {
  it('are its last fault and the reason of it', () => {
    const log =
      line(30, 'gateway is ready') + line(60, 'gateway could not start', { message: 'the port is taken' });
    expect(lastWords(log)).toBe('gateway could not start: the port is taken');
  });

  it('are what it threw, when it could not even log', () => {
    expect(
      lastWords(
        `node:internal\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find module 'x'\n    at y\n\nNode.js v24\n`,
      ),
    ).toBe("Error [ERR_MODULE_NOT_FOUND]: Cannot find module 'x'");
  });

  it('are nothing when it was well until it was killed', () => {
    expect(lastWords(line(60, 'an old fault') + line(30, 'gateway is ready'))).toBeUndefined();
    expect(lastWords('')).toBeUndefined();
  });
});
