import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { OpaqueBody } from '@parley/domain/conversation/body';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { BucketId } from '@parley/domain/sealing/bucket';
import type { BodyPlace, Closed } from '@parley/domain/sealing/closed';
import { type Opened, openPlain } from '@parley/domain/sealing/opened';
import { readSealedText, writeSealedText } from '@parley/domain/sealing/sealed-text';
import * as E from 'fp-ts/lib/Either.js';
import { isLongPast } from './forget-markers.js';
import { masterKeysOf } from './master-keys.js';
import { isBucketId } from './names.js';
import { VaultAway } from './questions.js';
import { openSealed, ownKeyOf, sealBody } from './seal-body.js';
import { type CacheBounds, openSecretCache } from './secret-cache.js';
import { type Found, openSecretKeeper } from './secret-keeper.js';
import { useMasterKeys } from './use-master-keys.js';
import type { SecretName, Vault } from './vault.js';
import { openVaultStream } from './vault-stream.js';

export type VaultOptions = {
  /** `ensureTopology` has been called on it: the vault's bucket is there. */
  readonly nats: NatsConnection;
  /** PARLEY_MASTER_KEYS: newest first. */
  readonly masterKeys: readonly Uint8Array[];
  /** Something that an operator must see, once for each master key that is missing. Never about the content of a secret. */
  readonly onTrouble?: (reason: string) => void;
  readonly bounds?: CacheBounds;
};

/** A vault that can also give out what opens single bodies. */
export type GivingVault = Vault & {
  /**
   * The key of each sealed body alone, 32 bytes that the caller wipes: it opens that body and nothing else, whatever is sealed under the same
   * secrets. In order; undefined for one that does not open any more.
   *
   * @throws VaultAway where it cannot be told now
   */
  ownKeys(closed: readonly Closed[]): Promise<readonly (Buffer | undefined)[]>;
};

/** 64 Ki secrets and 32 Ki keys made of them are some 33 MB when all are there. */
const BOUNDS: CacheBounds = { maxSecrets: 65_536, maxKeys: 32_768 };

/**
 * Opens the vault for a process that seals or opens bodies: `await openVault({ nats, masterKeys: config.PARLEY_MASTER_KEYS })`, after
 * `ensureTopology`; close it before the connection.
 *
 * @throws WrongMasterKeys when the vault is in use with a master key that is not among those given: the process must not start.
 */
export async function openVault({
  nats,
  masterKeys: given,
  onTrouble,
  bounds,
}: VaultOptions): Promise<GivingVault> {
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  const masterKeys = masterKeysOf(given);
  const vault = openVaultStream(nats, jsm);
  await useMasterKeys(vault, masterKeys);
  const cache = openSecretCache(bounds ?? BOUNDS);
  const keeper = await openSecretKeeper({
    nats,
    vault,
    masterKeys,
    cache,
    onTrouble: onTrouble ?? (() => undefined),
  });

  const openNow = (closed: Closed): Opened | undefined => useNow(closed, openedBy);

  /** What `use` makes of the key of a body; undefined where a secret must be read first. */
  function useNow<A>({ place, opaque }: Closed, use: Use<A>): A | Opened | undefined {
    const sealed = readSealedText(opaque);
    if (sealed === undefined) return openPlain(opaque) ?? GONE;
    if (!keeper.isUp) return LOCKED;
    const { conversationId, author } = place;
    const atHand = cache.keyAtHand(sealed.bucket, conversationId, author);
    if (atHand !== undefined) return use(atHand, place, sealed.payload);
    if (!isBucketId(sealed.bucket)) return GONE;
    const found = cache.keyOf(sealed.bucket, conversationId, author);
    if (found.tag === 'ask') return undefined;
    return found.tag === 'gone' ? GONE : use(found.key, place, sealed.payload);
  }

  /** Reads what secrets are needed: in two rounds at most, because only that a bucket is gone says to look for a held key. */
  async function useCold<A>(closed: readonly Closed[], use: Use<A>): Promise<readonly (A | Opened)[]> {
    const opened: (A | Opened | undefined)[] = closed.map((each) => useNow(each, use));
    for (let round = 0; round < 2 && opened.includes(undefined); round++) {
      const asked = closed.map((each, index) => (opened[index] === undefined ? namesToRead(each) : []));
      const found = new Map(await keeper.readSurely([...new Set(asked.flat())]));
      for (const [name, what] of found) {
        if (what !== 'none' || !isNoMore(name)) continue;
        cache.learnGone(name);
        found.set(name, 'gone');
      }
      for (const [index, each] of closed.entries())
        opened[index] ??= useNow(each, use) ?? withoutSecret(asked[index] ?? [], found);
    }
    return opened.map((each) => each ?? LOCKED);
  }

  function namesToRead({ place, opaque }: Closed): readonly SecretName[] {
    const bucket = readSealedText(opaque)?.bucket ?? '';
    const found = cache.keyOf(bucket, place.conversationId, place.author);
    return found.tag === 'ask' ? found.names : [];
  }

  async function sealCold(
    place: BodyPlace,
    bucket: BucketId,
    json: string,
  ): Promise<E.Either<Refusal, OpaqueBody>> {
    const names: readonly SecretName[] = [
      `author.${place.author}`,
      `conversation.${place.conversationId}`,
      `bucket.${bucket}`,
    ];
    // Read, made, and there; once more where the cache was emptied in between.
    for (let round = 0; round < 4; round++) {
      const gone = names.find((name) => cache.find(name)?.tag === 'gone');
      if (gone !== undefined) return E.left(refusalOf(gone));
      const unknown = names.filter((name) => cache.find(name) === undefined);
      const key = cache.keyOf(bucket, place.conversationId, place.author);
      if (key.tag === 'key') return E.right(sealedBy(key.key, place, bucket, json));
      const found = await keeper.read(unknown);
      const unreadable = unknown.find((name) => found.get(name) === 'unreadable');
      if (unreadable !== undefined)
        return E.left(refuse('Unavailable', `the vault's ${unreadable} cannot be read here`));
      if (unknown.some((name) => found.get(name) === 'gone')) continue;
      await Promise.all(unknown.filter((name) => found.get(name) === 'none').map(keeper.make));
    }
    return E.left(refuse('Unavailable', 'the vault does not keep up'));
  }

  return {
    seal(place, bucket, json) {
      const key = keeper.isUp ? cache.keyAtHand(bucket, place.conversationId, place.author) : undefined;
      if (key !== undefined) return Promise.resolve(E.right(sealedBy(key, place, bucket, json)));
      return sealCold(place, bucket, json).catch((error: unknown) => {
        if (error instanceof VaultAway) return E.left(refuse('Unavailable', error.message));
        throw error;
      });
    },
    openNow,
    open: (closed) => useCold(closed, openedBy).catch(() => closed.map((each) => openNow(each) ?? LOCKED)),
    async ownKeys(closed) {
      const found = await useCold(closed, keyedBy);
      if (found.some(({ tag }) => tag === 'locked')) throw new VaultAway('a secret cannot be read now');
      return found.map((each) => (each.tag === 'key' ? each.key : undefined));
    },
    async close() {
      keeper.close();
    },
  };
}

const GONE: Opened = { tag: 'gone' };
const LOCKED: Opened = { tag: 'locked' };

function openedBy(key: Buffer, place: BodyPlace, payload: string): Opened {
  const json = openSealed(key, place, payload);
  return json === undefined ? GONE : { tag: 'open', json };
}

/** What is made of the key of a body, before anything is awaited. */
type Use<A> = (key: Buffer, place: BodyPlace, payload: string) => A;

const keyedBy: Use<Opened | { readonly tag: 'key'; readonly key: Buffer }> = (key, place, payload) =>
  openSealed(key, place, payload) === undefined ? GONE : { tag: 'key', key: ownKeyOf(key, payload) };

const sealedBy = (key: Buffer, place: BodyPlace, bucket: BucketId, json: string): OpaqueBody =>
  writeSealedText({ bucket, payload: sealBody(key, place, json) });

/**
 * Whether a secret that the vault does not have was destroyed, or never will be: a held key is asked for when its bucket is known to be
 * gone, and would have been kept before that.
 */
const isNoMore = (name: SecretName): boolean =>
  name.startsWith('held.') ||
  (name.startsWith('bucket.') && isLongPast(name.slice('bucket.'.length), Date.now()));

/** Why a body stays closed whose secrets were read; undefined where another reading may open it. */
function withoutSecret(
  names: readonly SecretName[],
  found: ReadonlyMap<SecretName, Found>,
): Opened | undefined {
  const what = names.map((name) => found.get(name));
  if (what.includes('none')) return GONE;
  return what.includes('unreadable') ? LOCKED : undefined;
}

function refusalOf(destroyed: SecretName): Refusal {
  if (destroyed.startsWith('author.')) return refuse('PersonErased');
  if (destroyed.startsWith('conversation.')) return refuse('ConversationNotFound');
  return refuse('LifeNotAllowed', 'the time of the message is over');
}
