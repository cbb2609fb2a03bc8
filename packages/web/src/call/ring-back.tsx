import type { CallSession } from '@parley/client/voice/call-types';
import { RING_MS } from '@parley/client/voice/open-calls';
import { useEffect } from 'preact/hooks';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { callSettings } from './call-settings.js';
import { play, RINGING_THERE } from './tone.js';
import { useCallState } from './use-calls.js';

/** Lets somebody who calls hear that it rings, until the first one is there. */
export function RingBack({ session }: { readonly session: CallSession }) {
  const { client } = useSession();
  const { rings } = useStore(callSettings(client.user));
  const isAlone = useCallState(session, ({ phase, tiles }) => phase === 'connected' && tiles.length === 1);
  const startedAt = useCallState(session, (state) => state.startedAt) ?? 0;
  useEffect(() => {
    const left = startedAt + RING_MS - client.now();
    if (!isAlone || !rings || left <= 0) return;
    const stop = play(RINGING_THERE);
    const timer = setTimeout(stop, left);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [isAlone, rings, startedAt]);
  return null;
}
