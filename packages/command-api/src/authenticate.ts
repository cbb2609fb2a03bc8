import type { Gone } from '@parley/domain/account/state';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { Caller } from '@parley/infra/rpc/protocol';
import { TokenRefused, type VerifyToken } from '@parley/infra/runtime/tokens';
import * as E from 'fp-ts/lib/Either.js';

/** Reads the caller from an `Authorization: Bearer` header (RFC 6750), or refuses. */
export async function authenticate(
  verify: VerifyToken,
  goneAs: (caller: Caller) => Promise<Gone | undefined>,
  authorization: string | undefined,
): Promise<E.Either<Refusal, Caller>> {
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return E.left(refuse('NotAuthenticated'));
  try {
    const { userId, deviceId, scopes } = await verify(token);
    const caller = { user: userId, device: deviceId, scopes: [...scopes] };
    const gone = await goneAs(caller);
    return gone === undefined ? E.right(caller) : E.left(refuse(gone));
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    switch (error.fault) {
      case 'expired':
        return E.left(refuse('TokenExpired'));
      case 'unavailable':
        return E.left(refuse('Unavailable', 'the keys of tokens cannot be fetched now'));
      default:
        return E.left(refuse('NotAuthenticated', error.fault));
    }
  }
}
