import type { CallSession } from '@parley/client/voice/call-types';
import { useEffect } from 'preact/hooks';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { act } from './act.js';
import { trouble, watched } from './call-page.js';
import { callSettings } from './call-settings.js';
import { CallSound } from './call-sound.js';
import { Dock } from './dock.js';
import { EndedToast } from './ended-toast.js';
import { usePushToTalk } from './push-to-talk.js';
import { RingBack } from './ring-back.js';
import { RingCards } from './ring-card.js';
import { TroubleDialog } from './trouble-dialog.js';
import { useCallState, useCurrentCall } from './use-calls.js';
import { useStanding } from './use-roles.js';
import { WatchDialog } from './watch-dialog.js';
import './call-layer.css';

/** Whoever leads no more is not heard by a node: what of theirs is on would only seem so. */
function silence(session: CallSession): void {
  act(session.setMic(false));
  act(session.setCamera(false), 'camera');
  act(session.setScreen(false), 'screen');
}

/** What of calls is there wherever in the page one is: who calls, what the others say, and the way back to the call. */
export function CallLayer({ openId }: { readonly openId: string | undefined }) {
  const { client } = useSession();
  const session = useCurrentCall();
  const phase = useCallState(session, (state) => state.phase);
  const conversationId = useCallState(session, (state) => state.conversationId);
  const { pushToTalk } = useStore(callSettings(client.user));
  const why = useStore(trouble);
  const broadcast = useStore(watched);
  const isInCall = session !== undefined && phase !== 'ended';
  const { speaks } = useStanding(conversationId);
  usePushToTalk(isInCall && pushToTalk && speaks ? session : undefined);
  useEffect(() => {
    if (isInCall && !speaks) silence(session);
  }, [session, isInCall, speaks]);
  return (
    <>
      <RingCards />
      {isInCall && <CallSound session={session} />}
      {isInCall && <RingBack session={session} />}
      {isInCall && conversationId !== openId && <Dock session={session} />}
      {session !== undefined && phase === 'ended' && conversationId !== openId && (
        <EndedToast session={session} />
      )}
      {why !== undefined && <TroubleDialog trouble={why} />}
      {broadcast !== undefined && <WatchDialog {...broadcast} />}
    </>
  );
}
