import type { CallSession } from '@parley/client/voice/call-types';
import { useEffect } from 'preact/hooks';
import { say } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';
import { wordsOfEnd } from './words.js';

/** Says why the call is over to somebody who looks at another conversation. */
export function EndedToast({ session }: { readonly session: CallSession }) {
  const { calls } = useSession();
  useEffect(() => {
    const words = wordsOfEnd(session.state.snapshot().why);
    if (words !== undefined) say(`${words.title}. ${words.text}`);
    calls.loaded.snapshot()?.dismiss();
  }, [session]);
  return null;
}
