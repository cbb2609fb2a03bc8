import type { OpaqueBody } from '@parley/domain/conversation/body';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { BucketId } from '@parley/domain/sealing/bucket';
import type { BodyPlace, Closed } from '@parley/domain/sealing/closed';
import type { Opened } from '@parley/domain/sealing/opened';
import type { Either } from 'fp-ts/lib/Either.js';

/**
 * A secret by its name: a key of the KV bucket VAULT. The first three make the key of a body; `held.<bucket>.<conversation>` is
 * what was made of a bucket and a conversation on legal hold before the bucket's was destroyed.
 */
export type SecretName =
  | `bucket.${BucketId}`
  | `conversation.${string}`
  | `author.${string}`
  | `held.${BucketId}.${string}`;

/** Seals and opens bodies. Knows secrets only as long as the broker's line is up, and forgets a destroyed one when it hears of it. */
export type Vault = {
  /**
   * Seals the JSON of a body. Secrets that are not there yet are made.
   *
   * @returns `Unavailable` where the vault cannot be reached, `PersonErased` where the author's secret was destroyed,
   *   `ConversationNotFound` where the conversation's was, `LifeNotAllowed` where the bucket is past already.
   */
  seal(place: BodyPlace, bucket: BucketId, json: string): Promise<Either<Refusal, OpaqueBody>>;
  /** Opens what can be opened without asking anybody, as a body that never was sealed (`p0.`) always can; undefined where a secret must be read first. */
  openNow(closed: Closed): Opened | undefined;
  /** Opens many, in order, and reads what secrets that needs with one question. Never rejects. */
  open(closed: readonly Closed[]): Promise<readonly Opened[]>;
  close(): Promise<void>;
};
