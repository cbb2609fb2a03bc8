import type { OpaqueBody } from '@parley/domain/conversation/body';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { BucketId } from '@parley/domain/sealing/bucket';
import type { Sealed } from '@parley/domain/wire/views';
import type { Either } from 'fp-ts/lib/Either.js';

/** A secret by its name: a key of the KV bucket VAULT. Three of them make the key of a body. */
export type SecretName = `bucket.${BucketId}` | `conversation.${string}` | `author.${string}`;

/** Where a body lies: bound to it by the seal, so that it opens nowhere else. `seq` is the message's, also of an edit. */
export type BodyPlace = { readonly conversationId: string; readonly seq: number; readonly author: string };

export type Closed = { readonly place: BodyPlace; readonly opaque: OpaqueBody };

/**
 * A body as it was before it was sealed, or why it cannot be had: `locked`, a secret cannot be read now; `gone`, one was destroyed,
 * or what is sealed was not sealed here. A body that never was sealed (`p0.`) is always open.
 */
export type Opened = { readonly tag: 'open'; readonly json: string } | { readonly tag: Sealed };

/** Seals and opens bodies. Knows secrets only as long as the broker's line is up, and forgets a destroyed one when it hears of it. */
export type Vault = {
  /**
   * Seals the JSON of a body. Secrets that are not there yet are made.
   *
   * @returns `Unavailable` where the vault cannot be reached, `PersonErased` where the author's secret was destroyed,
   *   `ConversationNotFound` where the conversation's was, `LifeNotAllowed` where the bucket is past already.
   */
  seal(place: BodyPlace, bucket: BucketId, json: string): Promise<Either<Refusal, OpaqueBody>>;
  /** Opens what can be opened without asking anybody; undefined where a secret must be read first. */
  openNow(closed: Closed): Opened | undefined;
  /** Opens many, in order, and reads what secrets that needs with one question. Never rejects. */
  open(closed: readonly Closed[]): Promise<readonly Opened[]>;
  close(): Promise<void>;
};
