import type { JetStreamClient } from '@nats-io/jetstream';
import type { Digest } from '@parley/domain/log/digest';
import { isSame } from './live-sums.js';
import { type Fold, type Replay, type ReplayOptions, replay, STRETCH } from './replay.js';

/** `streamSeq` or `conversationId`: an event that became something else, or a conversation whose state did. */
export type ReplayDifference = {
  readonly streamSeq?: number;
  readonly conversationId?: string;
  readonly what: string;
};

type OnMet = NonNullable<ReplayOptions['onMet']>;
export type ReplayPair = { readonly one: Replay; readonly other: Replay };

/** The first difference that no erasure explains which was done meanwhile: it says so at the end of the log. */
export async function replayDifference(
  js: JetStreamClient,
  stream: string,
  upTo: number,
  pairs: readonly ReplayPair[],
  fold: Fold,
): Promise<ReplayDifference | undefined> {
  const stretches = pairs.flatMap(({ one, other }) => differing(one.stretches, other.stretches));
  const states = pairs.flatMap(({ one, other }) => differing(one.states, other.states));
  if (stretches.length + states.length === 0) return undefined;
  const erased = { stretches: new Set<number>(), conversations: new Set<string>() };
  const onMet: OnMet = ({ event }) => {
    if (typeof event === 'string' || event.type !== 'message.erased') return;
    erased.conversations.add(event.conversationId);
    for (const { streamSeq } of event.data.remains) erased.stretches.add(Math.floor(streamSeq / STRETCH));
  };
  const rest = { after: upTo, upTo: Number.POSITIVE_INFINITY, isWanted: () => false, onMet };
  await replay(js, stream, rest, fold);
  const stretch = stretches.toSorted((a, b) => a - b).find((each) => !erased.stretches.has(each));
  if (stretch !== undefined) return eventDifference(js, stream, stretch, fold);
  const conversationId = states.find((each) => !erased.conversations.has(each));
  return conversationId === undefined
    ? undefined
    : { conversationId, what: `the state of ${conversationId} was folded to something else` };
}

const differing = <K>(one: ReadonlyMap<K, Digest>, other: ReadonlyMap<K, Digest>): readonly K[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter((key) => !isSame(one.get(key), other.get(key)));

/** Reads a stretch twice more, to name the event. */
async function eventDifference(
  js: JetStreamClient,
  stream: string,
  stretch: number,
  fold: Fold,
): Promise<ReplayDifference> {
  const read = async () => {
    const became = new Map<number, string>();
    const after = Math.max(0, stretch * STRETCH - 1);
    const onMet: OnMet = ({ message, event }) => became.set(message.streamSeq, JSON.stringify(event));
    await replay(
      js,
      stream,
      { after, upTo: (stretch + 1) * STRETCH - 1, isWanted: () => false, onMet },
      fold,
    );
    return became;
  };
  const [one, other] = [await read(), await read()];
  const streamSeq = [...new Set([...one.keys(), ...other.keys()])]
    .toSorted((a, b) => a - b)
    .find((each) => one.get(each) !== other.get(each));
  const [first, last] = [stretch * STRETCH, (stretch + 1) * STRETCH - 1];
  return streamSeq === undefined
    ? {
        streamSeq: first,
        what: `something of ${stream}:${first} to ${last} was read differently, and not again: it was taken out meanwhile, or the disk errs`,
      }
    : { streamSeq, what: `${stream}:${streamSeq} became something else the second time` };
}
