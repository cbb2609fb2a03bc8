import { JetStreamApiError, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { VAULT_STREAM } from '../../vault/names.js';
import { accountStreamName, ERASURES, receiptStreamName, streamName } from '../subjects.js';
import { biggestSubjects } from './biggest-subjects.js';

/** What the broker says of a stream. */
export type StreamFacts = {
  readonly stream: string;
  readonly messages: number;
  readonly bytes: number;
  /** Sequences; the first is above 1 where the stream lost its beginning, or what was there was taken out. */
  readonly first: number;
  readonly last: number;
  /** Sequences between the two that hold nothing: taken out, one by one. */
  readonly takenOut: number;
  /** Conversations; for receipts, people in conversations; for accounts, people. */
  readonly subjects: number;
  /** ms since 1970 UTC; undefined while it is empty. */
  readonly oldestAt: number | undefined;
  readonly newestAt: number | undefined;
  /** Copies configured, and those that are there and current. */
  readonly replicas: number;
  readonly current: number;
};

export type BigConversation = {
  readonly conversationId: string;
  readonly partition: number;
  readonly events: number;
};

export type LogFacts = {
  readonly partitions: number;
  /** By partition. */
  readonly conversations: readonly StreamFacts[];
  readonly receipts: readonly StreamFacts[];
  readonly accounts: readonly StreamFacts[];
  /** The vault, snapshots of folded states, and the queue of erasures; those that are there. */
  readonly others: readonly StreamFacts[];
  readonly biggest: readonly BigConversation[];
};

export type InspectedLog = {
  readonly nats: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly partitions: number;
};

/**
 * What a log consists of, without reading any of it.
 *
 * @param most how many of the biggest conversations are named.
 * @throws when the broker does not answer, or a partition's stream is not there.
 */
export async function inspectLog(
  { nats, jsm, partitions }: InspectedLog,
  { most }: { readonly most: number },
): Promise<LogFacts> {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const factsOf = (nameOf: (partition: number) => string) =>
    Promise.all(all.map(async (partition) => streamFacts(await jsm.streams.info(nameOf(partition)))));
  const [conversations, receipts, accounts, others] = await Promise.all([
    factsOf(streamName),
    factsOf(receiptStreamName),
    factsOf(accountStreamName),
    Promise.all(OTHERS.map((stream) => factsIfThere(jsm, stream))),
  ]);
  const counted: BigConversation[] = [];
  for (const partition of all) {
    for (const { subject, messages } of await biggestSubjects(nats, streamName(partition), most))
      counted.push({
        conversationId: subject.slice(subject.indexOf('.', 5) + 1),
        partition,
        events: messages,
      });
  }
  const biggest = counted.toSorted(byEvents).slice(0, most);
  const there = others.filter((facts) => facts !== undefined);
  return { partitions, conversations, receipts, accounts, others: there, biggest };
}

const byEvents = (a: BigConversation, b: BigConversation): number =>
  b.events - a.events || (a.conversationId < b.conversationId ? -1 : 1);

const OTHERS = [VAULT_STREAM, 'KV_SNAPSHOTS', ERASURES];

async function factsIfThere(jsm: JetStreamManager, stream: string): Promise<StreamFacts | undefined> {
  try {
    return streamFacts(await jsm.streams.info(stream));
  } catch (error) {
    if (error instanceof JetStreamApiError) return undefined;
    throw error;
  }
}

function streamFacts({ config, state, cluster }: StreamInfo): StreamFacts {
  const isEmpty = state.messages === 0;
  return {
    stream: config.name,
    messages: state.messages,
    bytes: state.bytes,
    first: state.first_seq,
    last: state.last_seq,
    takenOut: state.num_deleted ?? 0,
    subjects: state.num_subjects ?? 0,
    oldestAt: isEmpty ? undefined : Date.parse(state.first_ts),
    newestAt: isEmpty ? undefined : Date.parse(state.last_ts),
    replicas: config.num_replicas,
    current: 1 + (cluster?.replicas ?? []).filter((peer) => peer.current && !peer.offline).length,
  };
}
