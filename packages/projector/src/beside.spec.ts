import { describe, expect, it } from 'vitest';
import { beside, type Work } from './beside.js';

describe('chores beside work', () => {
  const untilStopped =
    (done: string[], name: string): Work =>
    (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          done.push(name);
          resolve();
        });
      });

  it('end when the work ends, and are waited for', async () => {
    const done: string[] = [];
    await beside(new AbortController().signal, async () => undefined, [untilStopped(done, 'chore')]);
    expect(done).toEqual(['chore']);
  });

  it('end when the work fails, which is told', async () => {
    const done: string[] = [];
    const failing = () => Promise.reject(new Error('no'));
    const both = beside(new AbortController().signal, failing, [untilStopped(done, 'chore')]);
    await expect(both).rejects.toThrow('no');
    expect(done).toEqual(['chore']);
  });

  it('are told to stop with the work', async () => {
    const done: string[] = [];
    const stop = new AbortController();
    const both = beside(stop.signal, untilStopped(done, 'work'), [untilStopped(done, 'chore')]);
    stop.abort();
    await both;
    expect(done).toEqual(['work', 'chore']);
  });
});
