import { useEffect, useState } from 'preact/hooks';
import { type Account, keepAccount } from './account.js';
import { offeredPeople, signInAs } from './local-sign-in.js';
import { NameForm } from './name-form.js';
import { TokenForm } from './token-form.js';
import './sign-in.css';

type SignInProps = {
  /** Why the last session ended, if one did. */
  readonly reason: string | undefined;
  readonly onSignedIn: (account: Account) => void;
};

/** Who are you? By one click where the stack allows it, else by a token. */
export function SignInPage({ reason, onSignedIn }: SignInProps) {
  const [people, setPeople] = useState<readonly string[]>();
  const [isKept, keep] = useState(false);
  const [problem, setProblem] = useState(reason);
  useEffect(() => void offeredPeople().then(setPeople), []);

  const enter = (account: Account): void => {
    keepAccount(account, isKept);
    onSignedIn(account);
  };
  const enterAs = (user: string): void =>
    void signInAs(user).then(enter, (error: Error) =>
      setProblem(error instanceof TypeError ? 'The server does not answer. Try again.' : error.message),
    );

  return (
    <main class="sign-in">
      <section class="sign-in-card">
        <h1 class="wordmark">
          <img src="/favicon.svg" alt="" width="44" height="44" />
          Parley
        </h1>
        <p class="lead">Messages that arrive, once and in order.</p>
        {problem !== undefined && (
          <p class="notice problem" role="alert">
            {problem}
          </p>
        )}
        {people !== undefined && <NameForm people={people} onChosen={enterAs} />}
        <TokenForm isOpen={people === undefined} onProblem={setProblem} onGiven={enter} />
        <label class="check">
          <input
            type="checkbox"
            checked={isKept}
            onChange={({ currentTarget }) => keep(currentTarget.checked)}
          />
          Keep me signed in on this computer
        </label>
      </section>
    </main>
  );
}
