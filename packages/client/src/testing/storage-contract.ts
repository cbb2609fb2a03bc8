import { afterEach, describe, expect, it } from 'vitest';
import type { Storage } from '../storage/storage.js';

/** What every storage keeps to. `open` opens the storage of a user; `keeps` whether it outlives being closed. */
export function storageContract(
  name: string,
  open: (user: string) => Promise<Storage>,
  keeps: boolean,
): void {
  describe(`${name}`, () => {
    const opened: Storage[] = [];
    const start = async (user = 'ann'): Promise<Storage> => {
      const storage = await open(user);
      opened.push(storage);
      return storage;
    };
    afterEach(async () => {
      for (const storage of opened.splice(0)) await storage.close().catch(() => undefined);
    });

    it('keeps entries in the order in which they were appended, under ids that grow', async () => {
      const storage = await start();
      const ids = await Promise.all(['a', 'b', 'c'].map((value) => storage.append({ value })));
      expect(ids).toEqual(ids.toSorted((one, other) => one - other));
      expect(new Set(ids).size).toBe(3);
      expect((await storage.entries()).map(({ value }) => value)).toEqual(
        ['a', 'b', 'c'].map((value) => ({ value })),
      );
      expect((await storage.entries()).map(({ id }) => id)).toEqual(ids);
    });

    it('replaces what is there, and nothing that is gone', async () => {
      const storage = await start();
      const [first, second] = [await storage.append('a'), await storage.append('b')];
      await storage.remove(first);
      await storage.replace(first, 'x');
      await storage.replace(second, 'y');
      expect(await storage.entries()).toEqual([{ id: second, value: 'y' }]);
    });

    it('keeps values by their names', async () => {
      const storage = await start();
      expect(await storage.get('list')).toBeUndefined();
      await storage.set('list', { of: 1 });
      await storage.set('list', { of: 2 });
      expect(await storage.get('list')).toEqual({ of: 2 });
    });

    it('keeps what is of another user to itself, and forgets all of one when it is cleared', async () => {
      const [ann, bob] = [await start('ann'), await start('bob')];
      await ann.append('of ann');
      await ann.set('list', 1);
      expect(await bob.entries()).toEqual([]);
      await bob.append('of bob');
      await ann.clear();
      expect([await ann.entries(), await ann.get('list')]).toEqual([[], undefined]);
      expect((await bob.entries()).map(({ value }) => value)).toEqual(['of bob']);
    });

    if (!keeps) return;
    it('has it all again when it is opened anew, and gives no id twice', async () => {
      const before = await start();
      const [first, second] = [await before.append('a'), await before.append('b')];
      await before.set('list', 1);
      await before.remove(second);
      await before.close();
      const after = await start();
      expect(await after.entries()).toEqual([{ id: first, value: 'a' }]);
      expect(await after.get('list')).toBe(1);
      expect(await after.append('c')).toBeGreaterThan(second);
    });
  });
}
