import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { refuse } from '@parley/domain/conversation/refusals';
import { partitionOf } from '@parley/domain/log/partition';
import { steadyNow } from '../runtime/steady-now.js';
import {
  ALIVE_MS,
  ALIVE_SUBJECT,
  ANY_SUBJECT,
  instanceOf,
  instanceSubject,
  type RpcReply,
  type RpcRequest,
  readLines,
  readReply,
  unavailable,
} from './protocol.js';
import { chooseNode } from './rendezvous.js';
import { openTickBatch } from './tick-batch.js';

export type RpcClient = {
  /**
   * Asks command-api. Never rejects: without an answer in time, of an instance that is gone, or with nobody there, the reply is the
   * refusal `Unavailable`. Requests of one conversation reach the same instance in the order of the calls.
   */
  call(request: RpcRequest & { readonly conversationId?: string }): Promise<RpcReply>;
  /** Requests that wait for their answers. */
  readonly inFlight: number;
  close(): void;
};

export type RpcClientOptions = {
  readonly nats: NatsConnection;
  readonly partitions: number;
  /** Milliseconds until an answer counts as missing. */
  readonly timeout?: number;
  /** Requests that may wait at once; further ones are refused with `TooManyRequests`. */
  readonly maxInFlight?: number;
};

/** Instances unheard for this long get nothing more; and one that is gone has this long to answer what it was asked, if it only stops. */
const DEAD_MS = 3 * ALIVE_MS;

/** Opens the asking side of rpc; see protocol.ts for the form on the wire. */
export function openRpcClient({
  nats,
  partitions,
  timeout = 10_000,
  maxInFlight = 50_000,
}: RpcClientOptions): RpcClient {
  const inbox = createInbox();
  const pending = new Map<number, Pending>();
  const batches = new Map<number, Batch>();
  /** When each was heard last. */
  const instances = new Map<string, number>();
  /** To whose subject nobody listens, and since when that is known. */
  const gone = new Map<string, number>();
  let nextRequest = 0;
  let nextBatch = 0;

  const outgoing = openTickBatch(publish);

  function publish(subject: string, text: string): void {
    const batch = nextBatch++;
    batches.set(batch, { subject, ids: readLines(text).map(([id]) => Number(id)) });
    try {
      nats.publish(subject, text, { reply: `${inbox}.${batch}` });
    } catch {
      failBatch(batch, 'the broker is not connected');
    }
  }

  const replies = nats.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) return;
      if (message.headers?.code === 503) return nobodyThere(message);
      for (const [id, rest] of readLines(message.string())) settle(Number(id), readReply(rest));
    },
  });

  const alive = nats.subscribe(ALIVE_SUBJECT, {
    callback: (error, message) => {
      if (error) return;
      instances.set(message.string(), steadyNow());
      gone.delete(message.string());
    },
  });

  const sweep = setInterval(() => {
    const now = steadyNow();
    for (const [instance, since] of gone) if (now - since > timeout) gone.delete(instance);
    for (const [id, { instance, sentAt }] of pending) {
      const waited = now - sentAt;
      if (waited < Math.min(timeout, DEAD_MS)) break;
      if (waited >= timeout) settle(id, unavailable(`no answer within ${timeout} ms`));
      else if (instance !== undefined && gone.has(instance)) settle(id, unavailable('who was asked is gone'));
    }
    for (const [batch, { ids }] of batches) {
      if (ids.some((id) => pending.has(id))) break;
      batches.delete(batch);
    }
    for (const [instance, seen] of instances) {
      if (now - seen <= DEAD_MS) continue;
      instances.delete(instance);
      // Frozen, and it may still answer; or gone, and the broker says so.
      publish(instanceSubject(instance), '');
    }
  }, 250);

  function settle(id: number, reply: RpcReply): void {
    const entry = pending.get(id);
    if (entry === undefined) return;
    pending.delete(id);
    entry.resolve(reply);
  }

  /** The instance is gone: its requests go to whoever is there, once; then nobody is. */
  function nobodyThere(message: Msg): void {
    const batch = Number(message.subject.slice(inbox.length + 1));
    const { subject, ids } = batches.get(batch) ?? { subject: ANY_SUBJECT, ids: [] };
    const instance = instanceOf(subject);
    if (instance !== undefined) {
      instances.delete(instance);
      gone.set(instance, steadyNow());
    }
    for (const id of ids) {
      const entry = pending.get(id);
      if (entry === undefined) continue;
      if (entry.instance === undefined) settle(id, unavailable('no command-api is there'));
      else {
        pending.set(id, { ...entry, instance: undefined });
        outgoing.add(ANY_SUBJECT, entry.line);
      }
    }
    batches.delete(batch);
  }

  function failBatch(batch: number, detail: string): void {
    for (const id of batches.get(batch)?.ids ?? []) settle(id, unavailable(detail));
    batches.delete(batch);
  }

  function send(request: RpcRequest, instance: string | undefined): Promise<RpcReply> {
    return new Promise((resolve) => {
      const id = nextRequest++;
      const line = `${id} ${JSON.stringify(request)}`;
      pending.set(id, { resolve, line, instance, sentAt: steadyNow() });
      outgoing.add(instance === undefined ? ANY_SUBJECT : instanceSubject(instance), line);
    });
  }

  return {
    call({ conversationId, ...request }) {
      if (pending.size >= maxInFlight) {
        return Promise.resolve({ tag: 'refusal', refusal: refuse('TooManyRequests') });
      }
      const key =
        conversationId === undefined ? request.caller.user : String(partitionOf(conversationId, partitions));
      return send(request, chooseNode(instances.keys(), key));
    },
    get inFlight() {
      return pending.size;
    },
    close() {
      clearInterval(sweep);
      replies.unsubscribe();
      alive.unsubscribe();
      for (const id of [...pending.keys()]) settle(id, unavailable('the gateway is stopping'));
    },
  };
}

type Pending = {
  readonly resolve: (reply: RpcReply) => void;
  readonly line: string;
  readonly instance: string | undefined;
  readonly sentAt: number;
};

/** Requests that travel together. */
type Batch = { readonly subject: string; readonly ids: readonly number[] };
