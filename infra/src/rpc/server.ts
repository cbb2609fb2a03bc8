import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { refuse } from '@parley/domain/conversation/refusals';
import {
  ALIVE_MS,
  ALIVE_SUBJECT,
  ANY_SUBJECT,
  instanceSubject,
  QUEUE_GROUP,
  type RpcReply,
  type RpcRequest,
  readLines,
  replyLine,
} from './protocol.js';
import { openTickBatch } from './tick-batch.js';

export type RpcServer = {
  /** Requests being handled. */
  readonly inFlight: number;
  /** Takes no new requests, and resolves when those under way are answered. */
  drain(): Promise<void>;
};

export type RpcServerOptions = {
  readonly nats: NatsConnection;
  /** Name of this instance: a token of a subject. */
  readonly instance: string;
  /** Must not reject: a rejection is answered as `InternalError` and given to `onError`. */
  readonly handle: (request: RpcRequest) => Promise<RpcReply>;
  readonly onError: (error: unknown, request: RpcRequest) => void;
  /** Requests handled at once; further ones are refused with `TooManyRequests`, which is retryable. */
  readonly maxInFlight?: number;
};

/** Serves rpc as one instance of command-api; see protocol.ts for the form on the wire. */
export function serveRpc({
  nats,
  instance,
  handle,
  onError,
  maxInFlight = 20_000,
}: RpcServerOptions): RpcServer {
  let inFlight = 0;
  let idle: (() => void) | undefined;

  const outgoing = openTickBatch((inbox, text) => {
    try {
      nats.publish(inbox, text);
    } catch {
      // The connection is gone; the asker's timeout answers, and the log says what became of the command.
    }
  });

  async function answer(inbox: string, id: string, text: string): Promise<void> {
    inFlight++;
    outgoing.add(inbox, replyLine(id, await replyTo(text)));
    inFlight--;
    if (inFlight === 0) idle?.();
  }

  async function replyTo(text: string): Promise<RpcReply> {
    if (inFlight > maxInFlight) return { tag: 'refusal', refusal: refuse('TooManyRequests') };
    const request = readRequest(text);
    if (request === undefined) return { tag: 'refusal', refusal: refuse('InvalidRequest') };
    try {
      return await handle(request);
    } catch (error) {
      onError(error, request);
      return { tag: 'refusal', refusal: refuse('InternalError') };
    }
  }

  function receive(error: Error | null, message: Msg): void {
    if (error || message.reply === undefined) return;
    for (const [id, text] of readLines(message.string())) void answer(message.reply, id, text);
  }

  const subscriptions = [
    nats.subscribe(ANY_SUBJECT, { queue: QUEUE_GROUP, callback: receive }),
    nats.subscribe(instanceSubject(instance), { callback: receive }),
  ];
  const sayAlive = (): void => {
    if (!nats.isClosed()) nats.publish(ALIVE_SUBJECT, instance);
  };
  const heartbeat = setInterval(sayAlive, ALIVE_MS);
  sayAlive();

  return {
    get inFlight() {
      return inFlight;
    },
    async drain() {
      clearInterval(heartbeat);
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      if (inFlight > 0) await new Promise<void>((resolve) => (idle = resolve));
    },
  };
}

function readRequest(text: string): RpcRequest | undefined {
  try {
    return JSON.parse(text) as RpcRequest;
  } catch {
    return undefined;
  }
}
