import { createValue } from '../parts/value.js';
import { type Account, accountOf, isRemembered, keepAccount } from './account.js';
import { signInAs } from './local-sign-in.js';
import { claimsOf, isEnding } from './token-claims.js';

/** Whose token is wanted; `give` says what is wrong with the one it gets, if anything is. */
export type WantedToken = { readonly user: string; give(token: string): string | undefined };

/** Set while a person has to give a new token. */
export const wantedToken = createValue<WantedToken | undefined>(undefined);

/** What gives the client a token at every dial and before one ends: the one there is, a renewed one, or one the person pastes. */
export function tokenSource(first: Account): () => Promise<string> {
  let account = first;
  let asking: Promise<string> | undefined;
  const take = (next: Account): string => {
    account = next;
    keepAccount(next, isRemembered(next));
    return next.token;
  };
  return async () => {
    const claims = claimsOf(account.token);
    if (claims !== undefined && !isEnding(claims, Date.now())) return account.token;
    if (account.isLocal) return take(await signInAs(account.user, account.device));
    asking ??= askFor(account).then((next) => {
      asking = undefined;
      return take(next);
    });
    return asking;
  };
}

function askFor({ user, device }: Account): Promise<Account> {
  return new Promise((resolve) => {
    wantedToken.set({
      user,
      give(token) {
        const next = accountOf(token, false);
        if (next === undefined) return 'This is not a token: three parts, with dots between them.';
        if (next.user !== user) return `This token is ${next.user}’s. Sign out to be somebody else.`;
        if (next.device !== device)
          return `This token is of the device ${next.device}; this window is ${device}.`;
        if ((claimsOf(token)?.expiresAt ?? 0) <= Date.now()) return 'This token has expired too.';
        wantedToken.set(undefined);
        resolve(next);
        return undefined;
      },
    });
  });
}
