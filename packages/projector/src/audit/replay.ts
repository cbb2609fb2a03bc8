import { setImmediate as eventLoop } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import { evolve } from '@parley/domain/conversation/evolve';
import { toSnapshot } from '@parley/domain/conversation/snapshot';
import { type Conversation, initial } from '@parley/domain/conversation/state';
import { addDigest, type Digest, digestOfText, emptyDigest } from '@parley/domain/log/digest';
import type { Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { parseJson } from '@parley/infra/runtime/parse-json';
import { decodeEvent } from '../timeline/decode-batch.js';

/** What a replay does with an event. The same log must give the same by it, whenever it is replayed. */
export type Fold = {
  readonly decode: (subject: string, json: unknown) => Envelope | string;
  readonly evolve: (state: Conversation, event: Envelope) => Conversation;
};

export const theFold: Fold = { decode: decodeEvent, evolve };

/** A message as it was met: what it holds, and what that is as an event, or why it is none. */
export type Met = {
  readonly message: LoggedMessage;
  readonly json: unknown;
  readonly event: Envelope | string;
};

/** What a replay came to, in sums that do not depend on how conversations are interleaved. */
export type Replay = {
  /** What the events of each stretch of the stream became, by the number of the stretch. */
  readonly stretches: ReadonlyMap<number, Digest>;
  /** What the state of each conversation was, now and then and at the end. */
  readonly states: ReadonlyMap<string, Digest>;
};

/** Stream sequences of a stretch. */
export const STRETCH = 1_024;

/** A state is looked at after so many events of its conversation, and at the end: a look costs up to a millisecond. */
const LOOK_EVERY = 256;

export type ReplayOptions = {
  /** Stream sequences, from the one after the first to the second. */
  readonly after: number;
  readonly upTo: number;
  /** Whether a conversation is replayed; the others are passed over. */
  readonly isWanted: (conversationId: string) => boolean;
  /** Sees everything, also what is passed over. */
  readonly onMet?: (met: Met) => void;
  readonly onRead?: (messages: number) => void;
  readonly signal?: AbortSignal;
};

/**
 * Replays a part of a stream: decodes and upcasts each event, and folds each conversation's state. Memory is that of the states.
 *
 * @throws when the broker does not answer.
 */
export async function replay(
  js: JetStreamClient,
  stream: string,
  { after, upTo, isWanted, onMet, onRead, signal }: ReplayOptions,
  fold: Fold,
): Promise<Replay> {
  const stretches = new Map<number, Digest>();
  const states = new Map<string, Conversation>();
  const looks = new Map<string, Digest>();
  const look = (id: string, state: Conversation): void => {
    const digest = digestOfText(`${state.revision}\n${JSON.stringify(toSnapshot(state))}`);
    looks.set(id, addDigest(looks.get(id) ?? emptyDigest, digest));
  };
  const options = { follow: false, maxBatch: 1_000, ...(signal && { signal }) };
  for await (const batch of consumeBatches(js, stream, after, options)) {
    for (const message of batch) {
      if (message.streamSeq > upTo) break;
      const conversationId = message.subject.slice(message.subject.indexOf('.', 5) + 1);
      const wanted = isWanted(conversationId);
      if (!wanted && onMet === undefined) continue;
      const json = parseJson(message.bytes);
      const event = fold.decode(message.subject, json);
      onMet?.({ message, json, event });
      if (!wanted) continue;
      const stretch = Math.floor(message.streamSeq / STRETCH);
      const became = digestOfText(`${message.streamSeq}\n${JSON.stringify(event)}`);
      stretches.set(stretch, addDigest(stretches.get(stretch) ?? emptyDigest, became));
      if (typeof event === 'string') continue;
      const state = fold.evolve(states.get(conversationId) ?? initial, event);
      states.set(conversationId, state);
      if (event.seq % LOOK_EVERY === 0) look(conversationId, state);
    }
    onRead?.(batch.length);
    await eventLoop();
    if ((batch.at(-1)?.streamSeq ?? 0) >= upTo) break;
  }
  for (const [id, state] of states) look(id, state);
  return { stretches, states: looks };
}
