import { openBodyJson } from '@parley/domain/conversation/body';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { Envelope } from '@parley/domain/log/envelope';
import { bucketOf } from '@parley/domain/sealing/bucket';
import { bodyIn, withBody } from '@parley/domain/sealing/closed';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';

/**
 * A decided event as it may be stored: with its body, if it has one, sealed at the event's place. A body hangs on the bucket in
 * which its message expires, so an edit on that of the edited message.
 */
export async function sealEvent(
  vault: Pick<Vault, 'seal'>,
  event: Envelope,
): Promise<E.Either<Refusal, Envelope>> {
  const closed = bodyIn(event);
  const json = closed && openBodyJson(closed.opaque);
  if (closed === undefined || json === undefined) return E.right(event);
  const { expiresAt } = event.data as { readonly expiresAt?: number };
  const sealed = await vault.seal(closed.place, bucketOf(event.at, expiresAt), json);
  return E.isLeft(sealed) ? sealed : E.right(withBody(event, sealed.right));
}
