import { type Account, accountOf } from './account.js';

const ADDRESS = '/v1/sign-in';

/** Whom the stack offers to sign in by name; undefined where it does not. */
export async function offeredPeople(): Promise<readonly string[] | undefined> {
  try {
    const answer = await fetch(ADDRESS);
    if (!answer.ok) return undefined;
    const { people } = (await answer.json()) as { readonly people?: unknown };
    return Array.isArray(people) ? people.filter((name) => typeof name === 'string') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Signs in by name, on a new device unless one is named.
 *
 * @throws Error with a sentence for people
 */
export async function signInAs(user: string, device?: string): Promise<Account> {
  const answer = await fetch(ADDRESS, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, device }),
  });
  const { token } = (await answer.json().catch(() => ({}))) as { readonly token?: unknown };
  const account = typeof token === 'string' ? accountOf(token, true) : undefined;
  if (account === undefined)
    throw new Error(
      answer.status === 422
        ? 'A name has letters, digits, “-”, “_” and “=”, 64 at most.'
        : 'This server does not let anybody in by name. Use a token.',
    );
  return account;
}
