import { createListeners } from '../listeners.js';
import { asRefusal, RefusalError } from '../refusal-error.js';
import type { Others, Storage } from '../storage/storage.js';
import { isSame, isTooLarge, type QueuedCommand, readCommand, refused } from './command.js';
import { type Entry, entryOf, rejectAll, type Told } from './entry.js';
import type { LaneBounds } from './lanes.js';
import { createOnTheLine } from './on-the-line.js';
import { createSender } from './sender.js';

/** What became of a command. */
export type OutboxChange =
  | { readonly tag: 'added' | 'discarded'; readonly command: QueuedCommand }
  | { readonly tag: 'done'; readonly command: QueuedCommand; readonly result: unknown }
  | { readonly tag: 'refused'; readonly command: QueuedCommand; readonly refusal: RefusalError };

/**
 * Commands that are not settled yet. Each is stored before it counts, sent once whatever breaks (the same id until it is
 * settled), and in the order of its lane. Of several holders of one storage, one sends for all.
 */
export type Outbox = {
  /**
   * Resolves with the answer. One that `isKept` stays here when it is refused for good.
   *
   * @throws RefusalError for good: that of the server, `BodyTooLarge` for what no frame can carry, `TooManyRequests` when the outbox is full
   */
  submit(command: QueuedCommand): Promise<unknown>;
  /** @throws RefusalError where `submit` would refuse it before it is stored */
  check(command: QueuedCommand): void;
  /** Those of a lane, oldest first, failed ones among them. */
  of(lane: string): readonly QueuedCommand[];
  /** Lets go of a failed one. */
  discard(commandId: string): void;
  onChange(listener: (change: OutboxChange) => void): () => void;
  /** Resolves when every command of this lane that is on the line now has been answered, or the line broke: false. */
  answered(lane: string): Promise<boolean>;
  /** Resolves when what was stored is there, or cannot be. */
  readonly ready: Promise<void>;
  pump(): void;
  interrupt(): void;
  /** Nothing is sent from here any more: who waits is refused; what is stored stays. */
  close(refusal: RefusalError): void;
  /** Commands to be sent. */
  readonly size: number;
};

export type OutboxOptions = LaneBounds & {
  /** It is waited for. Undefined keeps commands in memory alone. */
  readonly storage: Promise<Storage> | undefined;
  readonly isOpen: () => boolean;
  readonly request: (method: string, params: unknown) => Promise<unknown>;
  /** The newest seq known of a conversation. */
  readonly newest?: (lane: string) => number | undefined;
  /** What is known of a command that was perhaps done, before it is sent again: its answer, if it has one. */
  readonly look?: (command: QueuedCommand) => Promise<unknown>;
  /** Nobody knows whether this command was done. */
  readonly onUncertain?: (command: QueuedCommand) => void;
  readonly onStorageLost: (error: unknown) => void;
};

export function createOutbox(options: OutboxOptions): Outbox {
  const entries = new Map<string, Entry>();
  /** Those that are not stored yet: nobody sees them, and nothing sends them. */
  const storing = new Map<string, Entry>();
  const listeners = createListeners<{ change: OutboxChange }>();
  const line = createOnTheLine();
  /** What the others say while the storage is read. */
  let unheard: Told[] | undefined;
  let storage: Storage | undefined;
  let others: Others | undefined;
  let isLeading = options.storage === undefined;
  let closedBy: RefusalError | undefined;
  let failed = 0;

  const sender = createSender<Entry>({
    ...options,
    maxEntries: Number.POSITIVE_INFINITY,
    request: async ({ command, isUncertain }) =>
      (isUncertain ? await options.look?.(command) : undefined) ??
      options.request(command.method, command.params),
    onSent(entry) {
      entry.isOnTheLine = true;
      line.put(entry.command.lane);
    },
    onRested: offTheLine,
    onDone: (entry, result) => done(entry, result, true),
    onRefused(entry, error) {
      const refusal = asRefusal(error);
      refuse(entry, refused(entry.command, refusal), refusal, true);
    },
  });

  const ready = options.storage
    ?.then(async (opened) => {
      storage = opened;
      others = opened.others;
      opened.others?.onTold((message) => hear(message as Told));
      await read(opened);
      if (opened.others === undefined) return lead();
      opened.others.onLead(() => void takeOver(opened).catch(lost));
    })
    .catch((error: unknown) => {
      lost(error);
      lead();
    });

  /** From here on nothing outlives us; what is queued is still sent. Who leads goes on doing so, for the others too. */
  function lost(error: unknown): void {
    if (closedBy !== undefined || (storage === undefined && isLeading)) return;
    storage = undefined;
    if (!isLeading) others = undefined;
    options.onStorageLost(error);
    lead();
  }

  function lead(): void {
    isLeading = true;
    for (const entry of entries.values()) send(entry);
    sender.pump();
  }

  /** Who led before may have settled some without having said so: those we wait for are asked again, under their ids. */
  async function takeOver(held: Storage): Promise<void> {
    const known = [...entries.values()];
    const ids = await read(held);
    for (const entry of known) {
      const { id, waiters, command } = entry;
      if (id === undefined || ids.has(id) || entries.get(command.commandId) !== entry) continue;
      entry.isUncertain = true;
      if (waiters.length > 0) continue;
      entries.delete(command.commandId);
      listeners.emit('change', { tag: 'discarded', command });
    }
    lead();
  }

  /**
   * Takes in what is stored; resolves with its ids. It may be older than what the others say while it is read, so they are heard
   * after it: the answer to one of these commands is not said again.
   */
  async function read(held: Storage): Promise<ReadonlySet<number>> {
    unheard = [];
    try {
      const stored = await held.entries();
      for (const { id, value } of stored) restore(id, value);
      return new Set(stored.map(({ id }) => id));
    } finally {
      const said = unheard;
      unheard = undefined;
      for (const told of said) hear(told);
    }
  }

  function restore(id: number, value: unknown): void {
    const command = readCommand(value);
    if (command === undefined) return void storage?.remove(id).catch(() => undefined);
    if (entries.has(command.commandId)) return;
    entries.set(command.commandId, entryOf(command, [], id));
    if (command.refusal !== undefined) failed++;
    options.onUncertain?.(command);
    listeners.emit('change', { tag: 'added', command });
  }

  function send(entry: Entry): void {
    if (entry.isSending || entry.command.refusal !== undefined || closedBy !== undefined) return;
    entry.isSending = sender.add(entry.command.lane, entry);
  }

  function hear(told: Told): void {
    if (unheard !== undefined) return void unheard.push(told);
    switch (told.tag) {
      case 'added':
        restore(told.id, told.command);
        if (isLeading) lead();
        return;
      case 'done':
        return withEntry(told.commandId, (entry) => done(entry, told.result, false));
      case 'discarded':
        return withEntry(told.commandId, (entry) => drop(entry, false));
      case 'refused': {
        const command = readCommand(told.command);
        if (command?.refusal === undefined) return;
        const refusal = new RefusalError(command.refusal.tag, command.refusal.message);
        return withEntry(command.commandId, (entry) => refuse(entry, command, refusal, false));
      }
      default:
        return told satisfies never;
    }
  }

  function withEntry(commandId: string, act: (entry: Entry) => void): void {
    const entry = entries.get(commandId);
    if (entry !== undefined) act(entry);
  }

  function done(entry: Entry, result: unknown, isOurs: boolean): void {
    const { command } = entry;
    entries.delete(command.commandId);
    if (isOurs) forget(entry, { tag: 'done', commandId: command.commandId, result });
    listeners.emit('change', { tag: 'done', command, result });
    for (const { resolve } of entry.waiters.splice(0)) resolve(result);
    offTheLine(entry);
  }

  function refuse(entry: Entry, command: QueuedCommand, refusal: RefusalError, isOurs: boolean): void {
    if (!command.isKept) entries.delete(command.commandId);
    else if (entry.command.refusal === undefined) failed++;
    entry.command = command;
    if (isOurs && !command.isKept) forget(entry, { tag: 'refused', command });
    else if (isOurs) keep(entry, { tag: 'refused', command });
    listeners.emit('change', { tag: 'refused', command, refusal });
    rejectAll(entry, refusal);
    offTheLine(entry);
  }

  function drop(entry: Entry, isOurs: boolean): void {
    const { command } = entry;
    entries.delete(command.commandId);
    if (command.refusal !== undefined) failed--;
    if (isOurs) forget(entry, { tag: 'discarded', commandId: command.commandId });
    listeners.emit('change', { tag: 'discarded', command });
  }

  function forget({ id }: Entry, told: Told): void {
    if (id !== undefined) storage?.remove(id).catch(lost);
    others?.tell(told);
  }

  function keep({ id, command }: Entry, told: Told): void {
    if (id !== undefined) storage?.replace(id, command).catch(lost);
    others?.tell(told);
  }

  function offTheLine(entry: Entry): void {
    if (entry.isOnTheLine) line.take(entry.command.lane);
    entry.isOnTheLine = false;
  }

  /** The storage is asked in the order of submissions, and answers in that order. */
  async function store(entry: Entry): Promise<void> {
    await ready;
    if (storage === undefined) return admit(entry);
    try {
      entry.id = await storage.append(entry.command);
    } catch (error) {
      lost(error);
    }
    admit(entry);
  }

  function admit(entry: Entry): void {
    const { command, id } = entry;
    storing.delete(command.commandId);
    if (closedBy !== undefined) return rejectAll(entry, closedBy);
    entries.set(command.commandId, entry);
    listeners.emit('change', { tag: 'added', command });
    if (id !== undefined) others?.tell({ tag: 'added', id, command });
    if (!isLeading) return;
    send(entry);
    sender.pump();
  }

  const queued = (commandId: string): Entry | undefined => entries.get(commandId) ?? storing.get(commandId);

  function check(command: QueuedCommand): void {
    if (closedBy !== undefined) throw closedBy;
    if (entries.size + storing.size >= options.maxEntries) throw new RefusalError('TooManyRequests');
    if (isTooLarge(command)) throw new RefusalError('BodyTooLarge');
    const known = queued(command.commandId)?.command;
    if (known !== undefined && !isSame(known, command)) throw new RefusalError('IdReused');
  }

  return {
    check,
    submit: (command) =>
      new Promise((resolve, reject) => {
        check(command);
        const known = queued(command.commandId);
        if (known !== undefined) return void known.waiters.push({ resolve, reject });
        const revision = options.newest?.(command.lane);
        const whole = revision === undefined ? command : { ...command, revision };
        const entry = entryOf(whole, [{ resolve, reject }]);
        if (isLeading && storage === undefined && storing.size === 0) return admit(entry);
        storing.set(command.commandId, entry);
        void store(entry);
      }),
    of: (lane) =>
      [...entries.values()].map(({ command }) => command).filter((command) => command.lane === lane),
    discard: (commandId) =>
      withEntry(commandId, (entry) => {
        if (entry.command.refusal !== undefined) drop(entry, true);
      }),
    onChange: (listener) => listeners.on('change', listener),
    answered: line.answered,
    ready: Promise.resolve(ready),
    pump: sender.pump,
    interrupt() {
      sender.interrupt();
      for (const entry of entries.values()) {
        if (!entry.isOnTheLine) continue;
        entry.isOnTheLine = false;
        entry.isUncertain = true;
        options.onUncertain?.(entry.command);
      }
      line.cut();
    },
    close(refusal) {
      if (closedBy !== undefined) return;
      closedBy = refusal;
      sender.clear();
      for (const entry of [...entries.values(), ...storing.values()]) rejectAll(entry, refusal);
      line.cut();
    },
    get size() {
      return entries.size - failed;
    },
  };
}
