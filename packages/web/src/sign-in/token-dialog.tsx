import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.js';
import { useStore } from '../parts/use-store.js';
import { wantedToken } from './token-source.js';

/** Asks for a new token when the one there was has ended; what was being written stays. */
export function TokenDialog() {
  const wanted = useStore(wantedToken);
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isHidden, hide] = useState(false);
  if (wanted === undefined) return null;
  if (isHidden)
    return (
      <div class="banner floating" role="status">
        <p>Your session is ending. What you write waits until you are signed in.</p>
        <button type="button" class="text-button" onClick={() => hide(false)}>
          Give a token
        </button>
      </div>
    );
  return (
    <Dialog title="Your session is ending" isNarrow onClose={() => hide(true)}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          setProblem(wanted.give(token));
          setToken('');
        }}
      >
        <p>
          The token of {wanted.user} has expired or is about to. Nothing is lost; a new one goes on from here.
        </p>
        <div class="field">
          <label for="new-token">New token</label>
          <textarea
            id="new-token"
            class="token"
            rows={4}
            spellcheck={false}
            autocomplete="off"
            value={token}
            aria-describedby="new-token-hint"
            aria-invalid={problem !== undefined}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
          <p id="new-token-hint" class={problem === undefined ? 'hint' : 'hint problem'}>
            {problem ?? 'In the local stack, parley token signs one.'}
          </p>
        </div>
        <footer class="dialog-foot">
          <button type="submit" class="button primary" disabled={token.trim() === ''}>
            Go on
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
