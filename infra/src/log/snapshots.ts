import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { fromSnapshot, toSnapshot } from '@parley/domain/conversation/snapshot';
import type { Conversation } from '@parley/domain/conversation/state';
import { openGather } from '../runtime/gather.js';
import { lastOfEach } from './last-of-each.js';

/** A folded state and the stream sequence of the last event folded. */
export type Folded<S> = { readonly state: S; readonly streamSeq: number };

export type Snapshots<S> = {
  /**
   * The newest snapshot, or undefined: none, unreadable, or of another format. Never a reason to fail. Those asked for
   * together are read together.
   */
  read(id: string): Promise<Folded<S> | undefined>;
  /**
   * Keeps a snapshot some time later, at most one write per id at a time. A snapshot saves reading; losing one costs time
   * only, so a failed write is dropped, and so are writes while 256 wait.
   */
  keep(id: string, folded: Folded<S>): void;
};

/** How states of one kind become JSON and back, and under which key the bucket has that of an id. */
export type SnapshotFormat<S> = {
  readonly keyOf: (id: string) => string;
  readonly toSnapshot: (state: S) => unknown;
  /** Undefined for another version, or a damaged snapshot. */
  readonly fromSnapshot: (json: unknown) => S | undefined;
};

export const conversationFormat: SnapshotFormat<Conversation> = {
  keyOf: (conversationId) => conversationId,
  toSnapshot,
  fromSnapshot,
};

/** Opens the bucket of snapshots. Values are deflated JSON, since a group of 10,000 has 700 KB of members. */
export async function openSnapshots<S>(
  nats: NatsConnection,
  format: SnapshotFormat<S>,
): Promise<Snapshots<S>> {
  const bucket = await new Kvm(nats).open(BUCKET);
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  const writing = new Set<string>();
  const reads = openGather({ ask: (keys: readonly string[]) => newest(jsm, keys), most: 512, atOnce: 4 });

  return {
    async read(id) {
      const value = await reads.ask(format.keyOf(id)).catch(() => undefined);
      return value === undefined || value.length === 0 ? undefined : decode(value, format);
    },
    keep(id, { state, streamSeq }) {
      if (writing.has(id) || writing.size >= MAX_WAITING) return;
      writing.add(id);
      const json = JSON.stringify({ streamSeq, state: format.toSnapshot(state) });
      void write(bucket, format.keyOf(id), json).finally(() => writing.delete(id));
    },
  };
}

const BUCKET = 'SNAPSHOTS';
const MAX_WAITING = 256;

/** The newest values of keys, from the stream that a bucket is. */
async function newest(
  jsm: JetStreamManager,
  keys: readonly string[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const subjects = keys.map((key) => `$KV.${BUCKET}.${key}`);
  const found = await lastOfEach(jsm, `KV_${BUCKET}`, subjects);
  return subjects.map((subject) => found.get(subject)?.data);
}

async function write(bucket: KV, key: string, json: string): Promise<void> {
  await bucket.put(key, deflateRawSync(json)).catch(() => undefined);
}

function decode<S>(bytes: Uint8Array, { fromSnapshot }: SnapshotFormat<S>): Folded<S> | undefined {
  try {
    const { streamSeq, state } = JSON.parse(inflateRawSync(bytes).toString('utf8')) as {
      streamSeq: number;
      state: unknown;
    };
    const folded = fromSnapshot(state);
    return folded === undefined ? undefined : { state: folded, streamSeq };
  } catch {
    return undefined;
  }
}
