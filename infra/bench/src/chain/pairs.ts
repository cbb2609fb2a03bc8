import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type Latencies, openLatencies } from '../percentiles.js';
import { atRate } from './rate.js';

/** Both ends of a pair of people, and how a message is written and recognised on this chain. */
export type PairsProtocol = {
  readonly pairs: number;
  /** Opens the socket of one end (0 or 1) of a pair, ready to talk. */
  open(pair: number, end: 0 | 1): Promise<WebSocket>;
  /** A frame that sends 256 B with this id. */
  frame(pair: number, id: string): string;
  /** What a frame tells: an answer to the id, the delivery of the id, or neither. */
  read(frame: string): { readonly ack: string } | { readonly delivered: string } | undefined;
};

export type PairsResult = {
  readonly ack: Latencies;
  readonly delivery: Latencies;
  /** Messages of the measured time that were never acknowledged or delivered. */
  readonly lost: number;
  /** Messages a second that were delivered within the measured time. */
  readonly rate: number;
  readonly refused: number;
};

export const BODY = 'x'.repeat(256);

/** Runs pairs at a rate: first ends send, second ends listen; the first seconds warm up and do not count. */
export async function runPairs(
  protocol: PairsProtocol,
  rate: number,
  seconds: number,
  warmUp = 2,
): Promise<PairsResult> {
  const ack = openLatencies();
  const delivery = openLatencies();
  const pending = new Map<string, { due: number; left: number }>();
  // Ids of their own for each run: the same again would be answered, not done.
  const run = randomBytes(4).toString('hex');
  let refused = 0;

  const done = (id: string, latencies: Latencies): void => {
    const entry = pending.get(id);
    if (entry === undefined) return;
    if (!id.startsWith('w')) latencies.add(performance.now() - entry.due);
    entry.left--;
    if (entry.left === 0) pending.delete(id);
  };
  /** The sender counts answers, the listener deliveries: the sender's own copy of the event is not looked at. */
  const hearAnswer = (data: unknown): void => {
    const text = String(data);
    const told = protocol.read(text);
    if (told !== undefined && 'ack' in told) done(told.ack, ack);
    else if (told === undefined && text.includes('"error"')) refused++;
  };
  const hearDelivery = (data: unknown): void => {
    const told = protocol.read(String(data));
    if (told !== undefined && 'delivered' in told) done(told.delivered, delivery);
  };

  const senders: WebSocket[] = [];
  const listeners: WebSocket[] = [];
  for (let pair = 0; pair < protocol.pairs; pair++) {
    const [sender, listener] = await Promise.all([protocol.open(pair, 0), protocol.open(pair, 1)]);
    sender.on('message', hearAnswer);
    listener.on('message', hearDelivery);
    senders.push(sender);
    listeners.push(listener);
  }

  const send = (mark: string) => (due: number, n: number) => {
    const id = `${mark}${run}-${n}`;
    pending.set(id, { due, left: 2 });
    senders[n % protocol.pairs]?.send(protocol.frame(n % protocol.pairs, id));
  };
  await atRate(rate, warmUp, send('w'));
  const begin = performance.now();
  const counted = await atRate(rate, seconds, send('m'));
  const took = (performance.now() - begin) / 1000;
  const deliveredInTime = delivery.count;
  for (let waited = 0; pending.size > 0 && waited < 10_000; waited += 50)
    await new Promise((next) => setTimeout(next, 50));
  for (const socket of [...senders, ...listeners]) socket.terminate();
  return { ack, delivery, lost: counted - delivery.count, rate: deliveredInTime / took, refused };
}

export async function openSocket(
  url: string,
  protocols: readonly string[] = [],
  localAddress?: string,
): Promise<WebSocket> {
  const socket = new WebSocket(url, [...protocols], {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  await once(socket, 'open');
  return socket;
}
