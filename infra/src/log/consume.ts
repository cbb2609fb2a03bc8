import { randomBytes } from 'node:crypto';
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  type JetStreamClient,
  jetstreamManager,
} from '@nats-io/jetstream';
import { createInbox, type Msg, nanos, type QueuedIterator } from '@nats-io/transport-node';
import { steadyNow } from '../runtime/steady-now.js';
import { type ArrivalQueue, openArrivalQueue } from './arrival-queue.js';
import { connectionOf } from './connection-of.js';
import { type LoggedMessage, readDelivery } from './delivery.js';

export type ConsumeOptions = {
  /** Messages in a batch at most; 2,000 unless said. Twice as many are held in memory. */
  readonly maxBatch?: number;
  readonly signal?: AbortSignal;
  /** False ends after the messages that were there at the start. */
  readonly follow?: boolean;
  /** Messages of these subjects alone, chosen by the broker. */
  readonly subjects?: readonly string[];
  /** Messages that were stored from then on, in ms, where `afterStreamSeq` is 0. */
  readonly storedSince?: number;
  /** Told when reading starts over after a gap or a lost connection; it goes on after the last message received. */
  readonly onRestart?: (reason: string) => void;
};

/**
 * Reads a stream in order, from the message after `afterStreamSeq` on, as batches of whatever is there. A batch that is
 * not full waits a few ms while the broker is known to have more, never otherwise. Goes on after the broker was away, and
 * after its consumer was lost, without gap or repeat: each message carries the consumer's own count, and one that is not
 * the next of that count makes the reading start over behind the last one taken.
 *
 * Ends when the signal is aborted, or with `follow: false` at the end of the stream.
 */
export async function* consumeBatches(
  js: JetStreamClient,
  stream: string,
  afterStreamSeq: number,
  options: ConsumeOptions = {},
): AsyncGenerator<readonly LoggedMessage[], void, undefined> {
  const { maxBatch = 2_000, signal, follow = true } = options;
  const queue = openArrivalQueue(maxBatch * 2);
  const until = follow ? undefined : await endOf(js, stream);
  if (until !== undefined && until <= afterStreamSeq) return;
  const pull = startPulling(js, { ...options, stream, afterStreamSeq, queue, follow });
  const stop = () => queue.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    while (!signal?.aborted) {
      const batch = await queue.take(maxBatch, LINGER);
      if (batch.length === 0) return;
      pull.taken();
      yield batch;
      const last = batch.at(-1) as LoggedMessage;
      if (until !== undefined && (last.streamSeq >= until || last.pending === 0)) return;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    await pull.stop();
  }
}

/** Milliseconds that a batch which is not full waits for more that is known to come. */
const LINGER = 10;

/** A request lives this long on the broker; the broker says that it lives this often. In ms. */
const EXPIRES = 30_000;
const HEARTBEAT = 2_000;

const REQUEST_TIMEOUT = 1_000;

/** Milliseconds between attempts to start over, growing up to the second. */
const RETRY = [50, 1_000] as const;

async function endOf(js: JetStreamClient, stream: string): Promise<number> {
  const jsm = await js.jetstreamManager(false);
  return (await jsm.streams.info(stream)).state.last_seq;
}

type Pulling = Pick<ConsumeOptions, 'subjects' | 'storedSince' | 'onRestart'> & {
  readonly stream: string;
  readonly afterStreamSeq: number;
  readonly queue: ArrivalQueue;
  readonly follow: boolean;
};

/**
 * Keeps the queue filled through a consumer of its own, which acknowledges nothing and lives in the broker's memory. The
 * client's ordered consumer does the same; it pulls on arrival of each message and not on what was taken, and takes
 * half a minute to see that a restarted broker has forgotten it.
 */
function startPulling(js: JetStreamClient, pulling: Pulling) {
  const { stream, afterStreamSeq, queue, follow, onRestart } = pulling;
  const nats = connectionOf(js);
  let position = afterStreamSeq;
  let generation = 0;
  let consumer: string | undefined;
  let delivered = 0;
  let asked = 0;
  let heardAt = steadyNow();
  let stopped = false;
  let starting: Promise<void> | undefined;
  let subscription = subscribe();
  const watch = setInterval(() => {
    if (asked > 0 && steadyNow() - heardAt > HEARTBEAT * 2.5) restart('the broker went silent');
  }, HEARTBEAT / 2);
  const status = nats.status();
  void watchConnection();
  start();

  function subscribe() {
    const inbox = createInbox();
    const mine = ++generation;
    return nats.subscribe(inbox, {
      callback: (error, message) => (error ? undefined : receive(mine, message)),
    });
  }

  function receive(of: number, message: Msg): void {
    if (of !== generation || stopped) return;
    heardAt = steadyNow();
    const received = readDelivery(message);
    if (received === undefined) return receiveStatus(message.headers?.code ?? 0, message);
    const { delivery, logged } = received;
    if (delivery !== delivered + 1) return restart(`message ${delivery} came after ${delivered}`);
    delivered = delivery;
    asked = Math.max(0, asked - 1);
    if (logged.streamSeq > position) {
      position = logged.streamSeq;
      queue.put(logged);
    }
    ask();
  }

  /** 100 is a heartbeat; 408 ends a request that has expired; anything else means the consumer or its leader is gone. */
  function receiveStatus(code: number, message: Msg): void {
    if (code === 100) return;
    if (code !== 408) return restart(`${code} ${message.headers?.description ?? ''}`.trim());
    asked = Math.max(0, asked - Number(message.headers?.get('Nats-Pending-Messages') || 0));
    ask();
  }

  /** Asks for as many as there is room for, once that is half of the queue. */
  function ask(): void {
    const room = queue.capacity - queue.length - asked;
    if (consumer === undefined || room < queue.capacity / 2) return;
    // Who has asked nothing hears nothing.
    if (asked === 0) heardAt = steadyNow();
    asked += room;
    const request = { batch: room, expires: nanos(EXPIRES), idle_heartbeat: nanos(HEARTBEAT) };
    const subject = `${js.apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    nats.publish(subject, JSON.stringify(request), { reply: subscription.getSubject() });
  }

  function restart(reason: string): void {
    if (stopped || starting !== undefined) return;
    onRestart?.(reason);
    start();
  }

  function start(): void {
    starting ??= begin().finally(() => {
      starting = undefined;
    });
  }

  async function begin(): Promise<void> {
    const old = consumer;
    consumer = undefined;
    asked = 0;
    subscription.unsubscribe();
    if (old !== undefined) void forget(old);
    for (let pause: number = RETRY[0]; !stopped; pause = Math.min(pause * 2, RETRY[1])) {
      try {
        const created = await create();
        subscription = subscribe();
        [consumer, delivered, asked, heardAt] = [created.name, 0, 0, steadyNow()];
        // What is left of the stream may have been deleted from it.
        if (!follow && created.num_pending === 0) return queue.end();
        return ask();
      } catch (error) {
        if (nats.isClosed()) return queue.fail(error as Error);
        if (pause === RETRY[0]) onRestart?.(`no consumer on ${stream}: ${(error as Error).message}`);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** A request that was sent into a dying connection is never answered: better soon again than late. */
  function manager() {
    return jetstreamManager(nats, { apiPrefix: js.apiPrefix, checkAPI: false, timeout: REQUEST_TIMEOUT });
  }

  async function create(): Promise<ConsumerInfo> {
    const jsm = await manager();
    const name = `reader-${randomBytes(8).toString('hex')}`;
    return jsm.consumers.add(stream, {
      name,
      ack_policy: AckPolicy.None,
      ...beginning(),
      ...(pulling.subjects === undefined ? {} : { filter_subjects: [...pulling.subjects] }),
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(60_000),
    });
  }

  function beginning(): Pick<ConsumerConfig, 'deliver_policy' | 'opt_start_seq' | 'opt_start_time'> {
    if (position > 0 || pulling.storedSince === undefined)
      return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: position + 1 };
    const opt_start_time = new Date(pulling.storedSince).toISOString();
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time };
  }

  async function forget(name: string): Promise<void> {
    const jsm = await manager();
    await jsm.consumers.delete(stream, name).catch(() => undefined);
  }

  /** A broker that was restarted has forgotten its consumers; one that was only away has forgotten the requests. */
  async function watchConnection(): Promise<void> {
    for await (const { type } of status) {
      if (stopped) return;
      if (type === 'reconnect') restart('the connection was lost');
    }
  }

  return {
    taken: ask,
    async stop() {
      stopped = true;
      clearInterval(watch);
      (status as Partial<QueuedIterator<unknown>>).stop?.();
      subscription.unsubscribe();
      queue.close();
      if (consumer !== undefined && !nats.isClosed()) await forget(consumer).catch(() => undefined);
    },
  };
}
