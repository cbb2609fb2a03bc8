import { isOver } from '@parley/domain/conversation/access';
import type { Body } from '@parley/domain/conversation/body';
import type { MessageView } from '@parley/domain/wire/views';
import { type QueuedCommand, refusalOf } from '../outbox/command.js';
import type { OutboxChange } from '../outbox/outbox.js';
import { deleted, edited, indexOf, withMine } from './row.js';
import type { Window } from './window.js';

/** A message of mine that the window does not have yet: waiting, or refused, or in the log at `seq`. */
export type Send = {
  readonly command: QueuedCommand;
  readonly seq?: number;
  /** The server's time, once it has answered; and when the message ends: its life counts from there. */
  readonly at?: number;
  readonly expiresAt?: number;
};

/** A change of mine to a message, shown before the log has it; answered, it is the event `doneAt`. */
export type Change = { readonly command: QueuedCommand; readonly target: number; readonly doneAt?: number };

/** What I have done in a conversation that its window does not show yet, each oldest first. */
export type Outgoing = { readonly sends: readonly Send[]; readonly changes: readonly Change[] };

export const nothingOutgoing: Outgoing = { sends: [], changes: [] };

/** After news of the outbox; what is done is told by `inLog`. A refused change is taken back; a refused message stays, with its refusal. */
export function foldOutbox(outgoing: Outgoing, change: Exclude<OutboxChange, { tag: 'done' }>): Outgoing {
  const { command } = change;
  switch (change.tag) {
    case 'added':
      return added(outgoing, command);
    case 'discarded':
      return without(outgoing, command.commandId);
    case 'refused':
      return command.method === 'message.send' && command.isKept
        ? { ...outgoing, sends: outgoing.sends.map((send) => (isOf(send, command) ? { command } : send)) }
        : without(outgoing, command.commandId);
    default:
      return change satisfies never;
  }
}

/**
 * A command of mine is the event `seq`: its answer says so, or the event itself, whichever comes first. `ttl` is the life, in seconds,
 * of messages that do not ask for a shorter one.
 */
export const inLog = (
  outgoing: Outgoing,
  commandId: string,
  seq: number,
  at: number,
  ttl: number | null,
): Outgoing => ({
  sends: outgoing.sends.map((send) =>
    send.command.commandId === commandId ? { ...send, seq, at, ...endOf(send.command, at, ttl) } : send,
  ),
  changes: outgoing.changes.map((one) =>
    one.command.commandId === commandId ? { ...one, doneAt: seq } : one,
  ),
});

function endOf({ params }: QueuedCommand, at: number, ttl: number | null): Pick<Send, 'expiresAt'> {
  const life = (params.ttl as number | undefined) ?? ttl;
  return life === null ? {} : { expiresAt: at + life * 1_000 };
}

/** Without what the server took and whose life is over by `now`, though the window may never have heard of it. */
export function withoutEnded(outgoing: Outgoing, now: number): Outgoing {
  const sends = outgoing.sends.filter(({ expiresAt }) => !isOver(expiresAt, now));
  return sends.length === outgoing.sends.length ? outgoing : { ...outgoing, sends };
}

/** Without what the window shows by now, or would have shown: its message may be gone again. */
export function shownBy(outgoing: Outgoing, window: Window): Outgoing {
  const { sends, changes } = outgoing;
  const waiting = sends.filter(({ seq }) => seq === undefined || !isTaken(window, seq, seq));
  const open = changes.filter(
    ({ doneAt, target }) => doneAt === undefined || !isTaken(window, target, doneAt),
  );
  return waiting.length === sends.length && open.length === changes.length
    ? outgoing
    : { sends: waiting, changes: open };
}

/** Whether the window takes in the event `at` about the message `target`. */
function isTaken(window: Window, target: number, at: number): boolean {
  if (!window.isRead) return false;
  const row = window.rows[indexOf(window.rows, target)];
  return row === undefined
    ? window.to !== undefined || window.revision >= at
    : row.asOf >= at || window.revision >= at;
}

/** A message with my changes to it that the log does not have yet. */
export function withChanges(view: MessageView, changes: readonly Change[]): MessageView {
  return changes.reduce((next, { command, target }) => {
    if (target !== view.seq || next.deletedAt !== undefined) return next;
    const { body, emoji, remove } = command.params as { body?: Body; emoji?: string; remove?: boolean };
    if (command.method === 'message.edit') return edited(next, { body: body ?? null }, command.at);
    if (command.method === 'message.delete') return deleted(next, command.at);
    return emoji === undefined ? next : withMine(next, emoji, remove !== true);
  }, view);
}

function added(outgoing: Outgoing, command: QueuedCommand): Outgoing {
  const { sends, changes } = outgoing;
  const target = command.params.seq;
  switch (command.method) {
    case 'message.send':
      return command.isKept || refusalOf(command) === undefined
        ? { changes, sends: [...sends, { command }] }
        : outgoing;
    case 'message.edit':
    case 'message.delete':
    case 'message.react':
      return typeof target === 'number' ? { sends, changes: [...changes, { command, target }] } : outgoing;
    default:
      return outgoing;
  }
}

const isOf = (one: Send | Change, { commandId }: QueuedCommand): boolean =>
  one.command.commandId === commandId;

function without({ sends, changes }: Outgoing, commandId: string): Outgoing {
  return {
    sends: sends.filter(({ command }) => command.commandId !== commandId),
    changes: changes.filter(({ command }) => command.commandId !== commandId),
  };
}
