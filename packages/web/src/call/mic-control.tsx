import type { CallSession, CallTile } from '@parley/client/voice/call-types';
import { useEffect } from 'preact/hooks';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { act } from './act.js';
import { CallIcon } from './call-icon.js';
import { callSettings } from './call-settings.js';
import { hold, sayMuted } from './push-to-talk.js';
import { Toggle } from './toggle.js';

type MicControlProps = { readonly session: CallSession; readonly me: CallTile | undefined };

/** My microphone: on or off, or held to talk. */
export function MicControl({ session, me }: MicControlProps) {
  const { client } = useSession();
  const { pushToTalk } = useStore(callSettings(client.user));
  const { mic = false, muted = false } = me ?? {};
  if (pushToTalk) return <TalkButton session={session} isTalking={mic} />;
  return (
    <Toggle
      icon={mic ? 'mic' : 'micOff'}
      label={muted ? 'Muted by who leads' : mic ? 'Mute' : 'Unmute'}
      isOff={!mic}
      onClick={() => (muted ? sayMuted() : act(session.setMic(!mic)))}
    />
  );
}

type TalkButtonProps = { readonly session: CallSession; readonly isTalking: boolean };

/** To be held, by finger or by space. */
function TalkButton({ session, isTalking }: TalkButtonProps) {
  // A button that goes while it is held hears of nothing any more.
  useEffect(() => () => session.talk(false), [session]);
  return (
    <button
      type="button"
      class={`call-control talk ${isTalking ? 'on' : ''}`}
      title="Hold the space bar, or this button"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        hold(session, true);
      }}
      onPointerUp={() => hold(session, false)}
      onPointerCancel={() => hold(session, false)}
      onContextMenu={(event) => event.preventDefault()}
    >
      <CallIcon name={isTalking ? 'mic' : 'micOff'} />
      <span>{isTalking ? 'Talking' : 'Hold to talk'}</span>
    </button>
  );
}
