import { describe, expect, it } from 'vitest';
import { openTurns } from './turns.js';

describe('turns', () => {
  it('are taken one after another for one key, and beside each other for different keys', async () => {
    const turns = openTurns();
    const running = new Set<string>();
    const together = new Set<string>();
    const task = (key: string) => async () => {
      expect(running.has(key)).toBe(false);
      running.add(key);
      if (running.size > 1) together.add([...running].sort().join());
      await new Promise((resolve) => setTimeout(resolve, 2));
      running.delete(key);
    };
    await Promise.all(['a', 'b', 'a', 'b', 'a'].map((key) => turns.take(key, task(key))));
    expect([...together]).toEqual(['a,b']);
  });

  it('keep the order of the calls, also after a task that fails', async () => {
    const turns = openTurns();
    const order: number[] = [];
    const failed = turns.take('a', async () => {
      order.push(1);
      throw new Error('fails');
    });
    const others = [2, 3].map((n) => turns.take('a', async () => order.push(n)));
    await expect(failed).rejects.toThrow('fails');
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
  });

  it('are not given when a thousand wait already', async () => {
    const turns = openTurns();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const waiting = Array.from({ length: 1_000 }, (_, n) => turns.take('a', () => gate.then(() => n)));
    expect(await turns.take('a', async () => 'too many')).toBeUndefined();
    open();
    expect(await Promise.all(waiting)).toHaveLength(1_000);
    expect(await turns.take('a', async () => 'room again')).toBe('room again');
  });
});
