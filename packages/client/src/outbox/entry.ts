import type { RefusalError } from '../refusal-error.js';
import type { QueuedCommand } from './command.js';

/** A command of the outbox, who waits for it, and where it is. */
export type Entry = {
  command: QueuedCommand;
  /** Its place in the storage. */
  id: number | undefined;
  readonly waiters: Waiter[];
  /** Perhaps done: by a former life or another tab, or the line broke before its answer. */
  isUncertain: boolean;
  isOnTheLine: boolean;
  isSending: boolean;
};
export type Waiter = {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** What those who share a storage tell each other. */
export type Told =
  | { readonly tag: 'added'; readonly id: number; readonly command: unknown }
  | { readonly tag: 'done'; readonly commandId: string; readonly result: unknown }
  | { readonly tag: 'refused'; readonly command: unknown }
  | { readonly tag: 'discarded'; readonly commandId: string };

export const entryOf = (command: QueuedCommand, waiters: Waiter[], id?: number): Entry => ({
  command,
  id,
  waiters,
  isUncertain: waiters.length === 0,
  isOnTheLine: false,
  isSending: false,
});

export function rejectAll({ waiters }: Entry, refusal: RefusalError): void {
  for (const { reject } of waiters.splice(0)) reject(refusal);
}
