import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { fromSnapshot, toSnapshot } from '@parley/domain/conversation/snapshot';
import type { Conversation } from '@parley/domain/conversation/state';

/** A folded conversation and the stream sequence of the last event folded. */
export type Folded = { readonly state: Conversation; readonly streamSeq: number };

export type Snapshots = {
  /** The newest snapshot, or undefined: none, unreadable, or of another format. Never a reason to fail. */
  read(conversationId: string): Promise<Folded | undefined>;
  /**
   * Keeps a snapshot some time later, at most one write a conversation at a time. A snapshot saves reading; losing one
   * costs time only, so a failed write is dropped, and so are writes while 256 wait.
   */
  keep(conversationId: string, folded: Folded): void;
};

/** Opens the bucket of snapshots. Values are deflated JSON, since a group of 10,000 has 700 KB of members. */
export async function openSnapshots(nats: NatsConnection): Promise<Snapshots> {
  const bucket = await new Kvm(nats).open('SNAPSHOTS');
  const writing = new Set<string>();

  return {
    async read(conversationId) {
      const entry = await bucket.get(conversationId).catch(() => null);
      if (entry === null || entry.value.length === 0) return undefined;
      return decode(entry.value);
    },
    keep(conversationId, folded) {
      if (writing.has(conversationId) || writing.size >= MAX_WAITING) return;
      writing.add(conversationId);
      void write(bucket, conversationId, folded).finally(() => writing.delete(conversationId));
    },
  };
}

const MAX_WAITING = 256;

async function write(bucket: KV, conversationId: string, { state, streamSeq }: Folded): Promise<void> {
  const json = JSON.stringify({ streamSeq, state: toSnapshot(state) });
  await bucket.put(conversationId, deflateRawSync(json)).catch(() => undefined);
}

function decode(bytes: Uint8Array): Folded | undefined {
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
