import { useId, useState } from 'preact/hooks';
import { type Account, accountOf } from './account.js';
import { claimsOf } from './token-claims.js';

type TokenFormProps = {
  readonly isOpen: boolean;
  readonly onProblem: (problem: string) => void;
  readonly onGiven: (account: Account) => void;
};

/** A field for a pasted token. */
export function TokenForm({ isOpen, onProblem, onGiven }: TokenFormProps) {
  const id = useId();
  const [token, setToken] = useState('');
  const give = (): void => {
    const account = accountOf(token, false);
    if (account === undefined) return onProblem('This is not a token: three parts, with dots between them.');
    if ((claimsOf(token)?.expiresAt ?? 0) <= Date.now())
      return onProblem('The token has expired; get a new one.');
    onGiven(account);
  };
  return (
    <details class="with-token" open={isOpen}>
      <summary>Sign in with a token</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          give();
        }}
      >
        <label for={id}>Token</label>
        <textarea
          id={id}
          class="token"
          rows={4}
          value={token}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <button type="submit" class="button primary" disabled={token.trim() === ''}>
          Sign in
        </button>
      </form>
    </details>
  );
}
