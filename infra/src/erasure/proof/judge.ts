import type { BucketId } from '@parley/domain/sealing/bucket';
import { heldName } from '../../vault/names.js';
import type { SecretName } from '../../vault/vault.js';
import type { Copies, Copy } from './copies.js';
import type { EndedBody } from './ended-messages.js';
import { messageKey, type Rows } from './rows.js';
import type { Erased } from './scope.js';

/** What is known of a secret: destroyed at a time in ms, still there, or never made. */
export type SecretState =
  | { readonly tag: 'destroyed'; readonly at: number; readonly isOverwritten: boolean }
  | { readonly tag: 'there' }
  | { readonly tag: 'absent' };

/** Everything found out about the messages of a scope. */
export type Evidence = {
  readonly secrets: ReadonlyMap<string, SecretState>;
  readonly copies: Copies;
  readonly rows: Rows;
  /** Nonces in cached pages. */
  readonly cached: ReadonlySet<string>;
  /** Nonces of sealed bodies that the vault opened just now. */
  readonly opened: ReadonlySet<string>;
  /** Nonces of those it could not try, because it does not answer. */
  readonly untried: ReadonlySet<string>;
};

/** A message with what makes it unreadable, or what it still can be read by. */
export type Judged = {
  readonly conversationId: string;
  readonly seq: number;
  readonly author: string;
  readonly at: string;
  readonly ended: { readonly cause: string; readonly at: string; readonly by: string; readonly seq: number };
  /** Names of destroyed secrets that its bodies were sealed under. */
  readonly destroyed: readonly string[];
  /** Whether its events were taken out of the log. */
  readonly takenOut: boolean;
  /** What is left to be done, or to be waited for; none where nobody can read it any more. */
  readonly open: readonly string[];
  /** Where sealed bodies of it were found in the files: with a destroyed secret they open for nobody. */
  readonly copies: readonly Copy[];
};

/** Secrets that a body hangs on. */
export const secretsOf = ({ conversationId, author }: Erased, bucket: BucketId): readonly SecretName[] => [
  `bucket.${bucket}`,
  `conversation.${conversationId}`,
  `author.${author}`,
];

/** What opens a body besides: its bucket's part of the key, kept for a conversation on legal hold when the bucket was destroyed. */
export const keptOf = ({ conversationId }: Pick<Erased, 'conversationId'>, bucket: BucketId): SecretName =>
  heldName(bucket, conversationId);

/** Judges one message. Nobody can read it when each of its bodies hangs on a destroyed secret, or is nowhere any more. */
export function judge(message: Erased, evidence: Evidence): Judged {
  const { conversationId, seq, author, at, ended, bodies } = message;
  const each = bodies.map((body) => judgeBody(message, body, evidence));
  const open = new Set(each.flatMap(({ open }) => open));
  if (evidence.rows.withBody.has(messageKey(message))) open.add('its row in the database still has a body');
  return {
    conversationId,
    seq,
    author,
    at: new Date(at).toISOString(),
    ended: { ...ended, at: new Date(ended.at).toISOString() },
    destroyed: [...new Set(each.flatMap(({ destroyed }) => destroyed))],
    takenOut: bodies.every(({ sealed }) => sealed === undefined),
    open: [...open],
    copies: each.flatMap(({ copies }) => copies),
  };
}

type JudgedBody = Pick<Judged, 'destroyed' | 'open' | 'copies'>;

function judgeBody(message: Erased, { bucket, nonce, sealed }: EndedBody, evidence: Evidence): JudgedBody {
  if (bucket === undefined || nonce === undefined) {
    const open = sealed === undefined ? [] : ['it was never sealed, and is in the log as it was written'];
    return { destroyed: [], open, copies: [] };
  }
  const copies = evidence.copies.bodies.get(nonce) ?? [];
  const kept = keptOf(message, bucket);
  const isKept = evidence.secrets.get(kept)?.tag === 'there';
  const destroyed = secretsOf(message, bucket).filter(
    (name) => evidence.secrets.get(name)?.tag === 'destroyed' && !(isKept && name === `bucket.${bucket}`),
  );
  if (evidence.opened.has(nonce)) return { destroyed, copies, open: ['its key still opens it'] };
  if (evidence.untried.has(nonce))
    return { destroyed, copies, open: ['the vault does not answer: ask again'] };
  if (destroyed.length > 0)
    return { destroyed, copies, open: [...destroyed, kept].flatMap((name) => leftOf(name, evidence)) };
  const places = [
    ...(sealed === undefined ? [] : [`the secret of bucket ${bucket} is not destroyed yet`]),
    ...(sealed === undefined && evidence.cached.has(nonce) ? ['a cached page holds its sealed body'] : []),
    ...(sealed === undefined ? copies.map(leftIn) : []),
  ];
  return { destroyed, copies, open: places };
}

/** A destroyed secret whose bytes are still on disk is one for whoever has disk and master key. */
function leftOf(name: string, { secrets, copies }: Evidence): readonly string[] {
  const state = secrets.get(name);
  const isLeft = (state?.tag === 'destroyed' && !state.isOverwritten) || copies.secrets.has(name);
  return isLeft ? [`the bytes of the secret ${name} are not overwritten yet`] : [];
}

/** A vacuum makes room in a table's file, but does not overwrite; a rewrite of the table leaves the file behind. */
function leftIn({ store, file }: Copy): string {
  if (store === 'nats') return 'its sealed body is still in the files of the log';
  if (store === 'redis') return 'its sealed body is still in the files of the cache';
  return file.startsWith('pg_wal')
    ? "its sealed body is still in the database's write-ahead log, until that part of it is written over"
    : 'its sealed body is still in dead rows of the database: `vacuum full` of its table is owed';
}
