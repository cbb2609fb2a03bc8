import { describe, expect, it, vi } from 'vitest';
import { RefusalError, unavailable } from '../refusal-error.js';
import { memoryStorage } from '../storage/memory-storage.js';
import type { Storage } from '../storage/storage.js';
import type { QueuedCommand } from './command.js';
import { createOutbox, type Outbox, type OutboxChange } from './outbox.js';

const command = (commandId: string, more: Partial<QueuedCommand> = {}): QueuedCommand => ({
  commandId,
  lane: 'c',
  method: 'message.send',
  params: { conversationId: 'c', commandId },
  at: 1,
  isKept: true,
  ...more,
});

/** One life of a page: an outbox on a storage, and what it sent. Answers come when they are told to. */
function life(
  storage: Storage | undefined,
  answer: (id: string) => Promise<unknown> = async () => ({ seq: 1, at: 1 }),
) {
  const sent: string[] = [];
  const lost: unknown[] = [];
  const changes: OutboxChange[] = [];
  let isOpen = true;
  const outbox: Outbox = createOutbox({
    storage: storage && Promise.resolve(storage),
    isOpen: () => isOpen,
    request: (_method, params) => {
      const { commandId } = params as { commandId: string };
      sent.push(commandId);
      return answer(commandId);
    },
    maxEntries: 100,
    maxInFlight: 10,
    onStorageLost: (error) => void lost.push(error),
  });
  outbox.onChange((change) => changes.push(change));
  return {
    outbox,
    sent,
    lost,
    changes,
    connect(open: boolean) {
      isOpen = open;
      if (open) outbox.pump();
      else outbox.interrupt();
    },
  };
}

const never = (): Promise<never> => new Promise(() => undefined);
const ids = (outbox: Outbox): readonly string[] => outbox.of('c').map(({ commandId }) => commandId);
const stored = async (storage: Storage) =>
  (await storage.entries()).map(({ value }) => (value as QueuedCommand).commandId);

describe('an outbox with a storage', () => {
  it('stores a command before anybody hears of it, and takes it out when it is settled', async () => {
    const storage = memoryStorage();
    const { outbox, changes } = life(storage);
    const answer = outbox.submit(command('one'));
    const heard = new Promise<readonly string[]>((resolve) => {
      outbox.onChange(({ tag }) => tag === 'added' && resolve(stored(storage)));
    });
    expect(changes).toEqual([]);
    expect(await heard).toEqual(['one']);
    await answer;
    expect(await stored(storage)).toEqual([]);
    expect(changes.map(({ tag }) => tag)).toEqual(['added', 'done']);
  });

  it('sends what a former life could not, first and under the same ids', async () => {
    const storage = memoryStorage();
    const before = life(storage, never);
    for (const id of ['one', 'two']) before.outbox.submit(command(id)).catch(() => undefined);
    await vi.waitFor(async () => expect(await stored(storage)).toEqual(['one', 'two']));
    before.outbox.close(unavailable('the page is closed'));
    const after = life(storage);
    const third = after.outbox.submit(command('three'));
    await third;
    expect(after.sent).toEqual(['one', 'two', 'three']);
    expect(await stored(storage)).toEqual([]);
  });

  it('keeps what was refused, with its refusal, until it is discarded', async () => {
    const storage = memoryStorage();
    const before = life(storage, async () => {
      throw new RefusalError('NotAMember');
    });
    await expect(before.outbox.submit(command('one'))).rejects.toMatchObject({ tag: 'NotAMember' });
    expect(before.outbox.size).toBe(0);
    const after = life(storage);
    await vi.waitFor(() => expect(ids(after.outbox)).toEqual(['one']));
    expect(after.outbox.of('c')[0]?.refusal?.tag).toBe('NotAMember');
    after.outbox.discard('one');
    await vi.waitFor(async () => expect(await stored(storage)).toEqual([]));
    expect(after.sent).toEqual([]);
  });

  it('goes on in memory when nothing can be stored, and says so once', async () => {
    const full: Storage = { ...memoryStorage(), append: () => Promise.reject(new Error('quota')) };
    const { outbox, sent, lost } = life(full);
    await Promise.all([outbox.submit(command('one')), outbox.submit(command('two'))]);
    expect(sent).toEqual(['one', 'two']);
    expect(lost.length).toBe(1);
  });
});

/** Tabs of one browser: the first leads, and all hear each other. */
function tabs() {
  const storage = memoryStorage();
  const hearing = new Map<number, (message: unknown) => void>();
  const leading: (() => void)[] = [];
  let count = 0;
  return {
    storage,
    open(more: Partial<Storage> = {}): Storage {
      const me = count++;
      return {
        ...storage,
        ...more,
        others: {
          onLead: (lead) => void (leading.push(lead) === 1 && lead()),
          tell: (message) => hearing.forEach((hear, tab) => void (tab !== me && hear(message))),
          onTold: (hear) => void hearing.set(me, hear),
        },
      };
    },
    /** The one that leads is gone. */
    next() {
      leading.shift();
      leading[0]?.();
    },
  };
}

/** Reads when it is told to, and answers when it is told to. */
function slowRead(storage: Storage) {
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const entries = async () => {
    const stored = await storage.entries();
    asked.resolve();
    await answered.promise;
    return stored;
  };
  return { entries, read: asked.promise, answer: answered.resolve };
}

describe('outboxes that share a storage', () => {
  it('let go of what was answered while one of them still read what is stored', async () => {
    const { storage, open } = tabs();
    const answer = Promise.withResolvers<unknown>();
    const first = life(open(), () => answer.promise);
    const done = first.outbox.submit(command('one'));
    await vi.waitFor(() => expect(first.sent).toEqual(['one']));
    const slow = slowRead(storage);
    const second = life(open({ entries: slow.entries }), never);
    await slow.read;
    answer.resolve({ seq: 1, at: 1 });
    await done;
    slow.answer();
    await second.outbox.ready;
    expect(second.outbox.size).toBe(0);
    expect(second.changes.map(({ tag }) => tag)).toEqual(['added', 'done']);
  });

  it('are told what was answered by one that leads and can store nothing any more', async () => {
    const { open } = tabs();
    const first = life(open({ append: () => Promise.reject(new Error('quota')) }));
    await first.outbox.ready;
    const second = life(open(), never);
    await second.outbox.ready;
    await first.outbox.submit(command('one'));
    expect(first.lost.length).toBe(1);
    expect(await second.outbox.submit(command('two'))).toEqual({ seq: 1, at: 1 });
    expect(second.outbox.size).toBe(0);
    expect(first.sent).toEqual(['one', 'two']);
  });

  it('keep what one of them gives while the other reads what is stored in order to lead', async () => {
    const { storage, open, next } = tabs();
    const first = life(open(), never);
    await first.outbox.ready;
    const slow = slowRead(storage);
    let reads = 0;
    const second = life(open({ entries: () => (reads++ === 0 ? storage.entries() : slow.entries()) }));
    await second.outbox.ready;
    const third = life(open());
    await third.outbox.ready;
    next();
    await slow.read;
    const answer = third.outbox.submit(command('one'));
    await vi.waitFor(() => expect(ids(third.outbox)).toEqual(['one']));
    slow.answer();
    expect(await answer).toEqual({ seq: 1, at: 1 });
    expect(second.sent).toEqual(['one']);
  });
});

describe('an outbox', () => {
  it('says when what is on the line of a conversation has been answered, or cannot be', async () => {
    let answer: (result: unknown) => void = () => undefined;
    const { outbox, connect } = life(
      undefined,
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    expect(await outbox.answered('c')).toBe(true);
    const done = outbox.submit(command('one'));
    const answered = outbox.answered('c');
    answer({ seq: 1, at: 1 });
    await done;
    expect(await answered).toBe(true);
    outbox.submit(command('two')).catch(() => undefined);
    const broken = outbox.answered('c');
    connect(false);
    expect(await broken).toBe(false);
  });

  it('refuses what no frame can carry, and an id that is on its way with something else', async () => {
    const { outbox } = life(undefined, never);
    const large = command('large', { params: { text: 'x'.repeat(140_000) } });
    await expect(outbox.submit(large)).rejects.toMatchObject({ tag: 'BodyTooLarge' });
    void outbox.submit(command('one'));
    await expect(outbox.submit(command('one', { params: {} }))).rejects.toMatchObject({ tag: 'IdReused' });
  });
});
