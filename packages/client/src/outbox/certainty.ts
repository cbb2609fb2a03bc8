import { refusals } from '@parley/domain/conversation/refusals';
import type { LiveEvent } from '@parley/domain/wire/live';
import { RefusalError } from '../refusal-error.js';
import type { QueuedCommand } from './command.js';

/**
 * Finds out whether a command that may have been sent long ago is in the log. The server knows ids of its newest 256 events and of
 * the last two minutes; a command older than both would be done twice, so the log itself is read: a resume from where the
 * client was when the command was given brings the event, if there is one.
 */
export type Certainty = {
  /** A command that was perhaps done: from here on its event is looked for. */
  watch(command: QueuedCommand): void;
  /**
   * The answer, where its event was found; undefined where it may be sent.
   *
   * @throws RefusalError that is not retryable where it cannot be told any more
   */
  look(command: QueuedCommand): Promise<unknown>;
  onEvent(event: LiveEvent): void;
  /** Nothing between is replayed. */
  onLost(conversationId: string): void;
};

export type CertaintyOptions = {
  readonly user: () => string;
  /** Seq of the newest event of the log. @throws RefusalError */
  readonly headOf: (conversationId: string) => Promise<number>;
  readonly deliveredTo: (conversationId: string) => number | undefined;
  readonly resumeFrom: (conversationId: string, seq: number) => void;
  readonly now?: () => number;
};

/** Milliseconds, and events, within which the server certainly knows an id again, less a margin. */
const REMEMBERED_MS = 100_000;
const REMEMBERED_EVENTS = 200;

export function createCertainty(options: CertaintyOptions): Certainty {
  const { user, headOf, deliveredTo, resumeFrom, now = Date.now } = options;
  /** Events of commands that are looked for. */
  const found = new Map<string, Pick<LiveEvent, 'seq' | 'at'> | undefined>();
  const lost = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();

  /** By a clock that was set back since nobody can tell. */
  const isOld = ({ at }: QueuedCommand): boolean => now() - at > REMEMBERED_MS || now() < at;

  function stir(conversationId: string): void {
    for (const resolve of waiting.get(conversationId) ?? []) resolve();
    waiting.delete(conversationId);
  }

  const somethingNew = (conversationId: string): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(conversationId, (waiting.get(conversationId) ?? new Set()).add(resolve));
    });

  const isAnswered = ({ commandId }: QueuedCommand) => found.get(commandId);

  return {
    watch(command) {
      found.set(command.commandId, undefined);
      if (isOld(command) && command.revision !== undefined) resumeFrom(command.lane, command.revision);
    },
    async look(command) {
      const { lane, revision } = command;
      if (!isOld(command)) return undefined;
      const head = await headOf(lane);
      const isNear = revision !== undefined && head - revision <= REMEMBERED_EVENTS;
      while (!isNear && isAnswered(command) === undefined && (deliveredTo(lane) ?? 0) < head) {
        if (revision === undefined || lost.has(lane)) throw unknown();
        await somethingNew(lane);
      }
      const event = isAnswered(command);
      return event && { conversationId: lane, seq: event.seq, at: event.at };
    },
    onEvent(event) {
      if (event.actor === user() && found.has(event.commandId))
        found.set(event.commandId, { seq: event.seq, at: event.at });
      stir(event.conversationId);
    },
    onLost(conversationId) {
      if (found.size > 0) lost.add(conversationId);
      stir(conversationId);
    },
  };
}

const unknown = (): RefusalError =>
  new RefusalError(
    'Unavailable',
    `${refusals.Unavailable.sentence} (it may have been sent already: look before you retry)`,
    {
      retryable: false,
    },
  );
