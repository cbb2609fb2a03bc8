import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStore } from './store.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a store', () => {
  it('tells once of a thousand changes in one go', async () => {
    let value = 0;
    const store = createStore(() => value);
    let told = 0;
    store.subscribe(() => told++);
    for (let change = 0; change < 1_000; change++) {
      value++;
      store.changed();
    }
    expect(store.snapshot()).toBe(1_000);
    await vi.advanceTimersByTimeAsync(10);
    expect(told).toBe(1);
  });

  it('tells with the next frame of a page that is looked at, and does not wait for one that never comes', async () => {
    const frames: (() => void)[] = [];
    vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame));
    vi.stubGlobal('document', { visibilityState: 'visible' });
    const store = createStore(() => ({}));
    let told = 0;
    store.subscribe(() => told++);
    store.changed();
    frames.shift()?.();
    expect(told).toBe(1);
    store.changed();
    await vi.advanceTimersByTimeAsync(200);
    expect(told).toBe(2);
    frames.shift()?.();
    expect(told).toBe(2);
  });

  it('computes when somebody looks, and is the same until something changed', () => {
    const compute = vi.fn(() => ({}));
    const store = createStore(compute);
    store.changed();
    expect(compute).not.toHaveBeenCalled();
    expect(store.snapshot()).toBe(store.snapshot());
    const before = store.snapshot();
    store.changed();
    expect(store.snapshot()).not.toBe(before);
  });

  it('keeps nobody from hearing when a listener throws', async () => {
    const store = createStore(() => 0);
    const surfaced: unknown[] = [];
    vi.stubGlobal('queueMicrotask', (task: () => void) => {
      try {
        task();
      } catch (error) {
        surfaced.push(error);
      }
    });
    let told = 0;
    store.subscribe(() => {
      throw new Error('of a listener');
    });
    store.subscribe(() => told++);
    store.changed();
    await vi.advanceTimersByTimeAsync(10);
    expect([told, surfaced.length]).toEqual([1, 1]);
  });
});
