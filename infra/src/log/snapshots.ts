import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { fromSnapshot, toSnapshot } from '@parley/domain/conversation/snapshot';
import type { Conversation } from '@parley/domain/conversation/state';

/** A folded state and the stream sequence of the last event folded. */
export type Folded<S> = { readonly state: S; readonly streamSeq: number };

export type Snapshots<S> = {
  /** The newest snapshot, or undefined: none, unreadable, or of another format. Never a reason to fail. */
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
  const bucket = await new Kvm(nats).open('SNAPSHOTS');
  const writing = new Set<string>();

  return {
    async read(id) {
      const entry = await bucket.get(format.keyOf(id)).catch(() => null);
      if (entry === null || entry.value.length === 0) return undefined;
      return decode(entry.value, format);
    },
    keep(id, { state, streamSeq }) {
      if (writing.has(id) || writing.size >= MAX_WAITING) return;
      writing.add(id);
      const json = JSON.stringify({ streamSeq, state: format.toSnapshot(state) });
      void write(bucket, format.keyOf(id), json).finally(() => writing.delete(id));
    },
  };
}

const MAX_WAITING = 256;

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
