import { RequestError, TimeoutError } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { explain } from './cli-error.js';

describe('an error of a verb', () => {
  it('is no bug when the broker went away in the middle', () => {
    for (const error of [new TimeoutError(), new RequestError('no answer')]) {
      const { message, exitCode } = explain(error);
      expect(exitCode).toBe(exitCodes.unavailable);
      expect(message).toMatch(/^the log does not answer: [^\n]+$/);
    }
  });

  it('is one when nothing else explains it, and then has its stack', () => {
    const { message, exitCode } = explain(new TypeError('x is not a function'));
    expect(exitCode).toBe(exitCodes.bug);
    expect(message).toContain('at ');
  });
});
