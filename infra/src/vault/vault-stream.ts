import {
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  type MsgRequest,
  type StoredMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { lastOfEach } from '../log/last-of-each.js';
import { readBatch } from '../log/read-batch.js';
import { isWrongSequence } from '../log/wrong-sequence.js';
import { nameOfSubject, VAULT_STREAM, vaultSubject } from './names.js';

/** A value stored under a name, and its sequence in the stream. */
export type Entry = { readonly name: string; readonly revision: number; readonly data: Uint8Array };

/** The stream of the vault. Its questions are answered by the stream's leader: what it says is what is there. */
export type VaultStream = {
  readonly jsm: JetStreamManager;
  newest(name: string): Promise<Entry | undefined>;
  /** The newest of many names, with one question for 512, as any replica has them; those without any are missing. */
  newestOf(names: readonly string[]): Promise<ReadonlyMap<string, Entry>>;
  /** Puts a value after that of a revision, 0 where there must be none; undefined when another is newest. */
  put(name: string, data: Uint8Array, after: number): Promise<number | undefined>;
  /** Deletes the values of a name that are older than a revision, overwritten on disk, some 70 a second; how many there were. */
  overwriteBefore(name: string, revision: number): Promise<number>;
  /** Deletes one value, overwritten on disk. */
  overwrite(revision: number): Promise<void>;
  /** Deletes one value that is no secret: its bytes stay on disk for a while. */
  drop(revision: number): Promise<void>;
  /** How many values are not the newest of their name: of secrets half destroyed, or half wrapped again. */
  superseded(): Promise<number>;
  /**
   * Every value from a revision on, of all names or of those of a kind such as `bucket.*`: oldest first, a thousand at once, as any
   * replica has them.
   */
  values(kind?: string, from?: number): AsyncGenerator<readonly Entry[]>;
};

/** How long the broker may take to answer, in ms. */
const WITHIN_MS = 3_000;

/** @throws as the client does when the broker does not answer; so does what it returns. */
export function openVaultStream(nats: NatsConnection, jsm: JetStreamManager): VaultStream {
  const js = jetstream(nats, { timeout: WITHIN_MS });

  async function remove(revision: number, isErased: boolean): Promise<void> {
    await jsm.streams.deleteMessage(VAULT_STREAM, revision, isErased).catch((error: unknown) => {
      // Somebody else was first.
      if (!isApiError(error, NOT_FOUND, NO_SUCH_SEQUENCE)) throw error;
    });
  }

  return {
    jsm,
    overwrite: (revision) => remove(revision, true),
    drop: (revision) => remove(revision, false),
    newest: async (name) =>
      entryOf(await jsm.streams.getMessage(VAULT_STREAM, { last_by_subj: vaultSubject(name) })),
    async newestOf(names) {
      const stored = await lastOfEach(jsm, VAULT_STREAM, names.map(vaultSubject));
      const entries = [...stored.values()].map((message) => entryOf(message) as Entry);
      return new Map(entries.map((entry) => [entry.name, entry]));
    },
    async put(name, data, after) {
      try {
        const options = { expect: { lastSubjectSequence: after }, timeout: WITHIN_MS };
        return (await js.publish(vaultSubject(name), data, options)).seq;
      } catch (error) {
        if (isWrongSequence(error)) return undefined;
        throw error;
      }
    },
    async overwriteBefore(name, revision) {
      let count = 0;
      for (let from = 1; ; count++) {
        const query = { seq: from, next_by_subj: vaultSubject(name) } as unknown as MsgRequest;
        const older = entryOf(await jsm.streams.getMessage(VAULT_STREAM, query));
        if (older === undefined || older.revision >= revision) return count;
        await remove(older.revision, true);
        from = older.revision + 1;
      }
    },
    async superseded() {
      const { state } = await jsm.streams.info(VAULT_STREAM);
      return state.messages - (state.num_subjects ?? 0);
    },
    async *values(kind = '>', from = 1) {
      for (let seq = from; ; ) {
        const batch = await readBatch(jsm, VAULT_STREAM, { seq, next_by_subj: vaultSubject(kind) });
        const last = batch.at(-1);
        if (last === undefined) return;
        yield batch.map((message) => entryOf(message) as Entry);
        seq = last.seq + 1;
      }
    },
  };
}

/** No message at a sequence, by two of the broker's paths. */
const NOT_FOUND = 10037;
const NO_SUCH_SEQUENCE = 10043;

const isApiError = (error: unknown, ...codes: readonly number[]): boolean =>
  error instanceof JetStreamApiError && codes.includes(error.code);

const entryOf = (message: StoredMsg | null): Entry | undefined =>
  message === null
    ? undefined
    : { name: nameOfSubject(message.subject), revision: message.seq, data: message.data };
