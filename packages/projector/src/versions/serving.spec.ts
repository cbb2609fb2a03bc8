import { describe, expect, it } from 'vitest';
import { openServing } from './serving.js';

/** What was begun and ended, in order. */
function recorded() {
  const happened: string[] = [];
  const serving = openServing((version) => {
    happened.push(`begin ${version}`);
    return { close: async () => void happened.push(`close ${version}`) };
  });
  const work = (version: number) =>
    serving.whileServed(version, async (_, signal) => {
      happened.push(`work on ${version}`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      happened.push(`rest of ${version}`);
    });
  return { happened, serving, work };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('what is done for the version that is served', () => {
  it('moves with the pointer, and back', async () => {
    const { happened, serving, work } = recorded();
    const stop = new AbortController();
    const working = Promise.all([work(1)(stop.signal), work(2)(stop.signal)]);
    for (const version of [1, 2, 2, 1]) {
      serving.moveTo(version);
      await settled();
    }
    expect(happened).toEqual(
      ['begin 1', 'work on 1', 'close 1', 'begin 2', 'rest of 1', 'work on 2', 'close 2', 'begin 1'].concat([
        'rest of 2',
        'work on 1',
      ]),
    );
    stop.abort();
    await working;
    await serving.close();
    expect(happened.slice(-2)).toEqual(['rest of 1', 'close 1']);
  });

  it('is at work for one version alone', () => {
    const { serving } = recorded();
    expect(serving.effectsOf(1)).toBeUndefined();
    serving.moveTo(1);
    expect(serving.effectsOf(1)).toBe(serving.current);
    expect(serving.effectsOf(2)).toBeUndefined();
  });

  it('ends where this code does not know what is served', async () => {
    const { happened, serving } = recorded();
    serving.moveTo(1);
    serving.moveTo(undefined);
    expect(serving.current).toBeUndefined();
    await serving.close();
    expect(happened).toEqual(['begin 1', 'close 1']);
  });
});
