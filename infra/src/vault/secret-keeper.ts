import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { openGather } from '../runtime/gather.js';
import { type MasterKeys, unwrapSecret, wrapSecret } from './master-keys.js';
import { LIVE_VAULT, masterName, nameOfLive } from './names.js';
import { openQuestions, Stale, type UnderWay, within } from './questions.js';
import type { SecretCache } from './secret-cache.js';
import { KEY_BYTES, randomInto, secureMemory, wipe } from './sodium.js';
import { readStoredValue } from './stored-value.js';
import type { SecretName } from './vault.js';
import type { Entry, VaultStream } from './vault-stream.js';

/** What the vault has of a name. `unreadable`: wrapped by a master key that this process does not have, or damaged. */
export type Found = 'here' | 'gone' | 'none' | 'unreadable';

/** Brings secrets from the broker into the cache, and keeps the cache true. */
export type SecretKeeper = {
  /** While the line is down nothing is known and nothing can be asked. */
  readonly isUp: boolean;
  /**
   * Reads secrets into the cache, and says what there is of each.
   *
   * That there is none is what one replica says, which may lag: whoever would believe it asks `readSurely`.
   *
   * @throws VaultAway when the vault does not answer within 3 s, or the line is cut.
   */
  read(names: readonly SecretName[]): Promise<ReadonlyMap<SecretName, Found>>;
  /** The same, and of the leader where there seems to be none. */
  readSurely(names: readonly SecretName[]): Promise<ReadonlyMap<SecretName, Found>>;
  /**
   * Makes a secret where there is none; where somebody was first, theirs counts.
   *
   * @throws VaultAway when the vault does not answer within 3 s, or the line is cut.
   */
  make(name: SecretName): Promise<Found>;
  close(): void;
};

/**
 * How long after the line came up what was read counts as provisional, in ms: the broker's servers may not know yet that we
 * listen, and a replica that lags may have answered with a secret whose marker we did not hear. Then it is read again.
 */
const SETTLED_AFTER_MS = 2_000;

/** Milliseconds until it is looked again whether the copies have what was put first. */
const WRITTEN_WITHIN_MS = 10;

export type KeeperOptions = {
  readonly nats: NatsConnection;
  readonly vault: VaultStream;
  readonly masterKeys: MasterKeys;
  readonly cache: SecretCache;
  readonly onTrouble: (reason: string) => void;
};

export async function openSecretKeeper(options: KeeperOptions): Promise<SecretKeeper> {
  const { nats, vault, masterKeys, cache, onTrouble } = options;
  const questions = openQuestions();
  const reading = new Map<SecretName, Promise<Found>>();
  const making = new Map<SecretName, Promise<Found>>();
  const draft = secureMemory(KEY_BYTES);
  const told = new Set<string>();
  let isClosed = false;
  let isRetired = false;
  let settling: ReturnType<typeof setTimeout> | undefined;

  const subscription = nats.subscribe(LIVE_VAULT, {
    callback: (error, message) => {
      if (error === null) hear(nameOfLive(message.subject), message.data, seqOf(message.headers?.get(SEQ)));
    },
  });
  void followLine();
  await nats.flush();
  settle();

  function hear(name: string, data: Uint8Array, revision: number): void {
    const value = readStoredValue(data);
    if (value?.tag === 'marker') {
      if (name === masterName(masterKeys.newest.id)) isRetired = true;
      cache.learnGone(name as SecretName);
      questions.tellGone(name);
    } else if (questions.isUp && name.startsWith('bucket.')) {
      // Of buckets there are few, and everyone needs them.
      take({ name, revision, data });
    }
  }

  async function followLine(): Promise<void> {
    for await (const { type } of nats.status()) {
      if (isClosed) return;
      if (type === 'disconnect') cut();
      if (type === 'reconnect') {
        questions.mend();
        forget();
        settle();
        void lookForRetirement();
      }
    }
    cut();
  }

  /** What was said while the line was down was not heard. */
  async function lookForRetirement(): Promise<void> {
    const name = masterName(masterKeys.newest.id);
    const newest = await vault.newest(name).catch(() => undefined);
    if (newest !== undefined) hear(name, newest.data, newest.revision);
  }

  function cut(): void {
    forget();
    questions.cut();
  }

  function settle(): void {
    clearTimeout(settling);
    settling = setTimeout(forget, SETTLED_AFTER_MS).unref();
  }

  function forget(): void {
    cache.forgetSecrets();
    questions.makeStale();
  }

  /** What becomes of a stored value; into the cache, unless a marker was heard while it was on its way. */
  function take(entry: Entry, asked?: UnderWay): Found {
    const name = entry.name as SecretName;
    if (asked?.isStale) throw new Stale();
    if (asked?.gone.has(name) || cache.find(name)?.tag === 'gone') return 'gone';
    const value = readStoredValue(entry.data);
    if (value?.tag === 'marker') {
      cache.learnGone(name);
      return 'gone';
    }
    const unwrap = (into: Buffer): boolean =>
      value !== undefined && unwrapSecret(masterKeys, name, value, into);
    if (cache.learn(name, entry.revision, unwrap)) return 'here';
    tellOnce(value?.keyId ?? 'unknown', name);
    return 'unreadable';
  }

  /** One secret stands for all that are under the same master key. */
  function tellOnce(keyId: string, name: string): void {
    if (told.has(keyId)) return;
    told.add(keyId);
    onTrouble(
      keyId === 'unknown'
        ? `what the vault has of ${name} is of no form known here`
        : `${name} does not unwrap: it is wrapped by the master key ${keyId}`,
    );
  }

  const reads = openGather<SecretName, Found>({ ask: readAll, most: 512, atOnce: 4 });

  function readAll(names: readonly SecretName[]): Promise<readonly Found[]> {
    return questions.ask(async (asked) => {
      const newest = await vault.newestOf(names);
      return names.map((name) => {
        const stored = newest.get(name);
        return stored === undefined ? 'none' : take(stored, asked);
      });
    });
  }

  async function readFromLeader(name: SecretName, asked: UnderWay): Promise<Found> {
    const stored = await vault.newest(name);
    if (asked.isStale) throw new Stale();
    return stored === undefined ? 'none' : take(stored, asked);
  }

  function create(name: SecretName): Promise<Found> {
    return questions.ask(async (asked) => {
      if (isRetired) throw new Error(`the master key ${masterKeys.newest.id} was retired`);
      randomInto(draft);
      const data = wrapSecret(masterKeys.newest, name, draft);
      wipe(draft);
      for (;;) {
        const revision = await vault.put(name, data, 0);
        if (revision !== undefined) return take({ name, revision, data }, asked);
        const found = await readFromLeader(name, asked);
        if (found !== 'none') return found;
        // A stream of several copies refuses also while what was first is still being written.
        await sleep(WRITTEN_WITHIN_MS);
      }
    });
  }

  async function read(names: readonly SecretName[]): Promise<Map<SecretName, Found>> {
    // Also where it waits for other questions.
    const found = await within(Promise.all(names.map((name) => once(reading, name, reads.ask))));
    return new Map(names.map((name, index) => [name, found[index] as Found]));
  }

  return {
    get isUp() {
      return questions.isUp;
    },
    read,
    async readSurely(names) {
      const found = await read(names);
      const missing = names.filter((name) => found.get(name) === 'none');
      const sure = await Promise.all(
        missing.map((name) => questions.ask((asked) => readFromLeader(name, asked))),
      );
      for (const [index, name] of missing.entries()) found.set(name, sure[index] as Found);
      return found;
    },
    make: (name) => once(making, name, create),
    close() {
      isClosed = true;
      clearTimeout(settling);
      subscription.unsubscribe();
      cut();
    },
  };
}

const SEQ = 'Nats-Sequence';
const seqOf = (header: string | undefined): number => Number(header ?? 0);

/** One question at a time about a name, whoever asks. */
function once(
  asked: Map<SecretName, Promise<Found>>,
  name: SecretName,
  ask: (name: SecretName) => Promise<Found>,
): Promise<Found> {
  const already = asked.get(name);
  if (already !== undefined) return already;
  const answer = ask(name).finally(() => asked.delete(name));
  asked.set(name, answer);
  return answer;
}
