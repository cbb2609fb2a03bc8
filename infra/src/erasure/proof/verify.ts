import type { OpaqueBody } from '@parley/domain/conversation/body';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Vault } from '../../vault/vault.js';
import { type SearchedStore, type Store, searchStores } from './copies.js';
import { type Evidence, type Judged, judge, keptOf, type SecretState, secretsOf } from './judge.js';
import { cachedNonces, readRows, writeOut } from './rows.js';
import { type Erased, erasedMessages, type LogResources, type Scope } from './scope.js';

export type VerifyResources = LogResources & {
  readonly vault: Pick<Vault, 'open'>;
  /** What the vault's stream says of these names. */
  readonly secretStates: (names: readonly string[]) => Promise<ReadonlyMap<string, SecretState>>;
  readonly database: Pick<Pool, 'query'>;
  /** Schemas of all builds of the read model: each of them may be served next. */
  readonly schemas: readonly string[];
  readonly redis: Redis;
  /** Data directories that can be searched from here. */
  readonly stores: readonly Store[];
  readonly now: () => number;
};

/** What was asked, what was found, where it was looked for. A certificate is this, signed. */
export type ErasureReport = {
  readonly format: 'parley-erasure-certificate/1';
  readonly issuedAt: string;
  readonly scope: { readonly conversation?: string; readonly user?: string; readonly before?: string };
  /** `gone`: nobody can read any of the messages any more, and the files of every store were searched. */
  readonly verdict: 'gone' | 'gone where it was searched' | 'not gone';
  readonly messages: readonly Judged[];
  /** When each secret was destroyed that the messages hung on. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly searched: readonly SearchedStore[];
  /** Stores whose files could not be searched from here, or that did not write out first what they hold in memory. */
  readonly notSearched: readonly Store['name'][];
  /** Dead rows of the message table: a vacuum is owed as long as there are some. */
  readonly deadRows: number;
};

/** What is being done, and how far: events read, secrets asked for, bytes searched. */
export type OnProgress = (what: 'log' | 'vault' | 'files', done: number) => void;

/**
 * Finds out whether anybody could still read what was erased in a scope: asks the vault for every secret and tries to open what the log still
 * has; looks for bodies in rows and cached pages; and searches the servers' files for copies of sealed bodies and of secrets.
 *
 * @throws what a server says that does not answer
 */
export async function verifyErasure(
  resources: VerifyResources,
  scope: Scope,
  onProgress: OnProgress = () => undefined,
): Promise<ErasureReport> {
  const { database, schemas, redis, stores, now } = resources;
  const messages: Erased[] = [];
  for await (const some of erasedMessages(resources, scope, (events) => onProgress('log', events)))
    for (const each of some) messages.push(each);

  const names = new Set<string>();
  for (const message of messages) for (const name of hangsOn(message)) names.add(name);
  const secrets = await resources.secretStates([...names]);
  onProgress('vault', names.size);
  const nonces = new Set(messages.flatMap(({ bodies }) => bodies.flatMap(({ nonce }) => nonce ?? [])));
  const destroyed = new Set([...names].filter((name) => secrets.get(name)?.tag === 'destroyed'));
  const conversations = new Set(messages.map(({ conversationId }) => conversationId));
  const isWrittenOut = await writeOut(database);
  const evidence = {
    secrets,
    ...(await tryToOpen(resources.vault, messages)),
    rows: await readRows(database, schemas, messages),
    cached: await cachedNonces(redis, schemas, conversations, nonces),
    copies: await searchStores(stores, { nonces, secrets: destroyed }, (bytes) => onProgress('files', bytes)),
  };
  const judged = messages.map((message) => judge(message, evidence));
  const searched = new Set(stores.map(({ name }) => name));
  if (!isWrittenOut) searched.delete('postgres');
  const { conversation, user, before } = scope;
  return {
    format: 'parley-erasure-certificate/1',
    issuedAt: new Date(now()).toISOString(),
    scope: {
      ...(conversation === undefined ? {} : { conversation }),
      ...(user === undefined ? {} : { user }),
      ...(before === undefined ? {} : { before: new Date(before).toISOString() }),
    },
    verdict: verdictOf(judged, searched.size === ALL.length),
    messages: judged,
    secrets: Object.fromEntries([...destroyed].map((name) => [name, timeOf(secrets.get(name))])),
    searched: evidence.copies.searched,
    notSearched: ALL.filter((name) => !searched.has(name)),
    deadRows: evidence.rows.dead,
  };
}

const ALL = ['nats', 'postgres', 'redis'] as const;

function verdictOf(judged: readonly Judged[], isComplete: boolean): ErasureReport['verdict'] {
  if (judged.some(({ open }) => open.length > 0)) return 'not gone';
  return isComplete ? 'gone' : 'gone where it was searched';
}

const hangsOn = (message: Erased): readonly string[] =>
  message.bodies.flatMap(({ bucket }) =>
    bucket === undefined ? [] : [...secretsOf(message, bucket), keptOf(message, bucket)],
  );

const timeOf = (state: SecretState | undefined): string =>
  state?.tag === 'destroyed' ? new Date(state.at).toISOString() : '';

/** Bodies tried at once. */
const AT_ONCE = 1_000;

/** Tries every sealed body that the log still has: nonces of those that open, and of those that could not be tried. */
async function tryToOpen(
  vault: Pick<Vault, 'open'>,
  messages: readonly Erased[],
): Promise<Pick<Evidence, 'opened' | 'untried'>> {
  const sealed = messages.flatMap(({ conversationId, seq, author, bodies }) =>
    bodies.flatMap(({ nonce, sealed }) =>
      nonce === undefined || sealed === undefined
        ? []
        : [{ nonce, closed: { place: { conversationId, seq, author }, opaque: sealed as OpaqueBody } }],
    ),
  );
  const opened = new Set<string>();
  const untried = new Set<string>();
  for (let from = 0; from < sealed.length; from += AT_ONCE) {
    const some = sealed.slice(from, from + AT_ONCE);
    const tried = await vault.open(some.map(({ closed }) => closed));
    some.forEach(({ nonce }, index) => {
      if (tried[index]?.tag === 'open') opened.add(nonce);
      if (tried[index]?.tag === 'locked') untried.add(nonce);
    });
  }
  return { opened, untried };
}
