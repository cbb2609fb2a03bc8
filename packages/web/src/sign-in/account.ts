import { claimsOf } from './token-claims.js';

/** Who this window is. A `local` account is renewed by its name alone, where the stack allows that. */
export type Account = {
  readonly user: string;
  readonly device: string;
  readonly token: string;
  readonly isLocal: boolean;
};

const KEY = 'parley.account';

/** An account from a token; undefined where the text is none. */
export function accountOf(token: string, isLocal: boolean): Account | undefined {
  const claims = claimsOf(token);
  return claims && { user: claims.user, device: claims.device, token: token.trim(), isLocal };
}

/** That of this window, else the one that is remembered: so two windows can be two people. */
export const loadAccount = (): Account | undefined => read(sessionStorage) ?? read(localStorage);

/** Keeps it for this window, and for every one to come if it is to be remembered. */
export function keepAccount(account: Account, isRemembered: boolean): void {
  sessionStorage.setItem(KEY, JSON.stringify(account));
  if (isRemembered) localStorage.setItem(KEY, JSON.stringify(account));
}

export const isRemembered = ({ user }: Account): boolean => read(localStorage)?.user === user;

/** Forgets all that this page keeps of a person. */
export function forgetAccount(account: Account): void {
  sessionStorage.removeItem(KEY);
  if (isRemembered(account)) localStorage.removeItem(KEY);
  const mine = `parley.${account.user}.`;
  for (const key of Object.keys(localStorage)) if (key.startsWith(mine)) localStorage.removeItem(key);
}

function read(storage: globalThis.Storage): Account | undefined {
  try {
    const { token, isLocal } = JSON.parse(storage.getItem(KEY) ?? '{}') as Partial<Account>;
    return typeof token === 'string' ? accountOf(token, isLocal === true) : undefined;
  } catch {
    return undefined;
  }
}
