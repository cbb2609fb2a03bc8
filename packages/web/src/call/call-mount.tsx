import { useEffect } from 'preact/hooks';
import { lazy } from '../parts/lazy.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { entering, trouble, watched } from './call-page.js';
import { useCurrentCall, useOngoing } from './use-calls.js';

const CallLayer = lazy(() => import('./call-layer.js').then((part) => part.CallLayer));
export const CallStage = lazy(() => import('./call-stage.js').then((part) => part.CallStage));

/** Listens for calls from the moment there is a session; what shows them comes with the first one. */
export function CallMount({ openId }: { readonly openId: string | undefined }) {
  const { client, calls } = useSession();
  const isConnected = useStore(client.connection).tag === 'open';
  const isInCall = useCurrentCall() !== undefined;
  const isRinging = useOngoing((all) => all.some(({ rings }) => rings));
  const isEntering = useStore(entering) !== undefined;
  const isAmiss = useStore(trouble) !== undefined;
  const isWatching = useStore(watched) !== undefined;
  const isWanted = isInCall || isRinging || isEntering || isAmiss || isWatching;
  useEffect(() => {
    if (isConnected) void calls.load().catch(() => undefined);
  }, [isConnected]);
  useEffect(() => {
    if (isRinging || isEntering) CallStage.preload();
  }, [isRinging, isEntering]);
  return isWanted ? <CallLayer openId={openId} /> : null;
}
