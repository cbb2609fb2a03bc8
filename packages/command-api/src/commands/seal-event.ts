import { openBodyJson } from '@parley/domain/conversation/body';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { Envelope } from '@parley/domain/log/envelope';
import { bucketOf } from '@parley/domain/sealing/bucket';
import { closedIn, withClosed } from '@parley/domain/sealing/closed';
import { endOf } from '@parley/domain/wire/past-its-life';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';

/**
 * A decided event as it may be stored: with its body or title, if it has one, sealed at its place. A body hangs on the bucket in
 * which its message expires, so an edit on that of the edited message; a title has no end.
 */
export async function sealEvent(
  vault: Pick<Vault, 'seal'>,
  event: Envelope,
): Promise<E.Either<Refusal, Envelope>> {
  const closed = closedIn(event);
  const json = closed && openBodyJson(closed.opaque);
  if (closed === undefined || json === undefined) return E.right(event);
  const sealed = await vault.seal(closed.place, bucketOf(event.at, endOf(event)), json);
  return E.isLeft(sealed) ? sealed : E.right(withClosed(event, sealed.right));
}
