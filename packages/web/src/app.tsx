import { createClient, type ParleyClient } from '@parley/client/parley-client';
import { indexedDbStorage } from '@parley/client/storage/indexeddb-storage';
import { refusals } from '@parley/domain/conversation/refusals';
import { useEffect, useState } from 'preact/hooks';
import { lazyCalls } from './call/lazy-calls.js';
import { Toasts } from './parts/toasts.js';
import { useStore } from './parts/use-store.js';
import { takeName } from './session/address.js';
import { SessionProvider } from './session/session-context.js';
import { type Account, forgetAccount, keepAccount, loadAccount } from './sign-in/account.js';
import { signInAs } from './sign-in/local-sign-in.js';
import { SignInPage } from './sign-in/sign-in-page.js';
import { TokenDialog } from './sign-in/token-dialog.js';
import { tokenSource, wantedToken } from './sign-in/token-source.js';
import { Workspace } from './workspace.js';

/** Tells the other windows of this browser who has signed out. */
const others = new BroadcastChannel('parley');

const named = takeName();

export function App() {
  const [account, setAccount] = useState(named === undefined ? loadAccount : undefined);
  const [reason, setReason] = useState<string>();
  const [isEntering, setEntering] = useState(named !== undefined);
  useEffect(() => {
    if (named === undefined) return;
    signInAs(named)
      .then(
        (signedIn) => {
          keepAccount(signedIn, false);
          setAccount(signedIn);
        },
        (error: Error) =>
          setReason(error instanceof TypeError ? 'The server does not answer.' : error.message),
      )
      .finally(() => setEntering(false));
  }, []);
  if (isEntering) return null;
  return (
    <>
      {account === undefined ? (
        <SignInPage reason={reason} onSignedIn={setAccount} />
      ) : (
        <SignedIn
          key={account.device}
          account={account}
          onSignedOut={(why) => {
            setReason(why);
            setAccount(undefined);
          }}
        />
      )}
      <Toasts />
    </>
  );
}

type SignedInProps = { readonly account: Account; readonly onSignedOut: (reason?: string) => void };

function SignedIn({ account, onSignedOut }: SignedInProps) {
  const [client] = useState(() => clientOf(account));
  const [calls] = useState(() => lazyCalls(client));
  const state = useStore(client.connection);

  const leave = (why?: string): void => {
    forgetAccount(account);
    wantedToken.set(undefined);
    history.replaceState(undefined, '', '#/');
    calls.close();
    void client.signOut().finally(() => onSignedOut(why));
  };
  useEffect(() => {
    // Everything of this person goes, in every window.
    const hear = ({ data }: MessageEvent): void => {
      if (data === account.user) leave();
    };
    others.addEventListener('message', hear);
    return () => others.removeEventListener('message', hear);
  }, []);
  useEffect(() => {
    if (state.tag !== 'stopped' || state.reason === undefined) return;
    const { reason } = state;
    forgetAccount(account);
    calls.close();
    // A device that was taken away keeps nothing; one whose token is bad keeps what is unsent for the next sign-in.
    const isRevoked = reason.startsWith(refusals.DeviceRevoked.sentence);
    void (isRevoked ? client.signOut() : Promise.resolve(client.close())).finally(() => onSignedOut(reason));
  }, [state]);

  const signOut = (): void => {
    others.postMessage(account.user);
    leave();
  };
  return (
    <SessionProvider value={{ client, calls, signOut }}>
      <Workspace />
      <TokenDialog />
    </SessionProvider>
  );
}

const clientOf = (account: Account): ParleyClient =>
  createClient({
    url: `${location.origin.replace(/^http/, 'ws')}/v1/ws`,
    token: tokenSource(account),
    device: account.device,
    user: account.user,
    storage: indexedDbStorage,
  });
