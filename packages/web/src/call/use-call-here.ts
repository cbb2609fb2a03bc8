import type { CallSession } from '@parley/client/voice/call-types';
import { useEffect } from 'preact/hooks';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { showsMessages } from './call-page.js';
import { useCallState, useCurrentCall } from './use-calls.js';

export type CallHere = { readonly session: CallSession; readonly hasMessages: boolean };

/** The call of this conversation that the page is in, or was in until just now; asks for one that others are in. */
export function useCallHere(conversationId: string): CallHere | undefined {
  const { calls } = useSession();
  const loaded = useStore(calls.loaded);
  const session = useCurrentCall();
  const isHere = useCallState(session, (state) => state.conversationId === conversationId) === true;
  const hasMessages = useStore(showsMessages);
  useEffect(() => loaded?.look(conversationId), [loaded, conversationId]);
  return session !== undefined && isHere ? { session, hasMessages } : undefined;
}
