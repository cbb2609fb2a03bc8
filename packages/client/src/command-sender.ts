import { backoffMs } from './backoff.js';
import { createOutbox, type OutboxBounds, type OutboxEntry } from './outbox.js';
import { RefusalError } from './refusal-error.js';

/** Puts commands through: each promise settles once, however often its command had to be sent. */
export type CommandSender = {
  /** @throws RefusalError that is not retryable, or `TooManyRequests` when the outbox is full */
  submit(conversationId: string, method: string, params: unknown): Promise<unknown>;
  /** Sends what may go. */
  pump(): void;
  /** The connection broke: what was in flight goes again, under the same ids, when `pump` is called. */
  interrupt(): void;
  /** Nothing will be sent any more: refuses what waits. */
  abandon(refusal: RefusalError): void;
  /** Commands not answered yet. */
  readonly size: number;
};

export type CommandSenderOptions = OutboxBounds & {
  readonly isOpen: () => boolean;
  readonly request: (method: string, params: unknown) => Promise<unknown>;
  /** More or fewer commands are unanswered. */
  readonly onSize?: () => void;
};

type Waiting = {
  readonly method: string;
  readonly params: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
};

export function createCommandSender(options: CommandSenderOptions): CommandSender {
  const outbox = createOutbox<Waiting>(options);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function pump(): void {
    clearTimeout(timer);
    if (!options.isOpen()) return;
    for (const entry of outbox.take(Date.now())) void deliver(entry);
    const { nextAt } = outbox;
    if (nextAt !== undefined) timer = setTimeout(pump, Math.max(0, nextAt - Date.now()));
  }

  async function deliver(entry: OutboxEntry<Waiting>): Promise<void> {
    const { method, params, resolve, reject } = entry.command;
    try {
      const result = await options.request(method, params);
      if (settle(entry)) resolve(result);
    } catch (error) {
      if (error instanceof RefusalError && error.retryable) {
        outbox.rest(entry, Date.now() + backoffMs(entry.attempts, Math.random()));
      } else if (settle(entry)) reject(error);
    }
    pump();
  }

  function settle(entry: OutboxEntry<Waiting>): boolean {
    const isSettled = outbox.settle(entry);
    if (isSettled) options.onSize?.();
    return isSettled;
  }

  return {
    submit: (conversationId, method, params) =>
      new Promise((resolve, reject) => {
        const taken = outbox.add(conversationId, { method, params, resolve, reject });
        if (taken) {
          options.onSize?.();
          pump();
        } else reject(new RefusalError('TooManyRequests'));
      }),
    pump,
    interrupt: () => outbox.interrupt(),
    abandon(refusal) {
      clearTimeout(timer);
      for (const { command } of outbox.clear()) command.reject(refusal);
    },
    get size() {
      return outbox.size;
    },
  };
}
