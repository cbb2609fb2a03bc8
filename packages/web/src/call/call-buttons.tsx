import { Icon } from '../parts/icon.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { type Entering, entering, watched } from './call-page.js';
import { Elapsed } from './elapsed.js';
import { enterCall } from './enter-call.js';
import { useCallState, useCurrentCall, useOngoing } from './use-calls.js';
import './call-buttons.css';

type CallButtonsProps = {
  readonly conversationId: string;
  readonly mayStart: boolean;
};

/** In the head of a conversation: call, or join the call that goes on, or give that up. Nothing where I am in it. */
export function CallButtons({ conversationId, mayStart }: CallButtonsProps) {
  const who = useSession();
  const ongoing = useOngoing((calls) => calls.find((each) => each.conversationId === conversationId));
  const session = useCurrentCall();
  const isHere = useCallState(
    session,
    (state) => state.conversationId === conversationId && state.phase !== 'ended',
  );
  const going = useStore(entering);
  if (isHere) return null;
  if (going?.conversationId === conversationId) return <GiveUp going={going} />;
  if (ongoing !== undefined) {
    const { call, media, people, at, broadcast } = ongoing;
    return (
      <>
        {broadcast !== null && (
          <button
            type="button"
            class="button watch-call"
            onClick={() => watched.set({ conversationId, call })}
          >
            Watch
          </button>
        )}
        <button
          type="button"
          class="button primary join-call"
          onClick={() => void enterCall(who, { conversationId, call, media: 'voice' })}
        >
          <Icon name={media === 'video' ? 'video' : 'phone'} />
          <span>
            Join<span class="wide"> call</span>
          </span>
          <span class="join-facts">
            <span class="wide">{people.length === 1 ? '1 person' : `${people.length} people`} · </span>
            <Elapsed since={at} />
          </span>
        </button>
      </>
    );
  }
  if (!mayStart) return null;
  return (
    <div class="call-buttons">
      {(['voice', 'video'] as const).map((media) => (
        <button
          key={media}
          type="button"
          class="icon-button"
          aria-label={`Start a ${media} call`}
          title={`Start a ${media} call`}
          onClick={() => void enterCall(who, { conversationId, media })}
        >
          <Icon name={media === 'voice' ? 'phone' : 'video'} />
        </button>
      ))}
    </div>
  );
}

/** Shown only where entering takes a while. */
const GiveUp = ({ going: { call, giveUp } }: { readonly going: Entering }) => (
  <div class="entering-call" role="status">
    <span class="spinner" />
    <span class="wide">{call === undefined ? 'Calling…' : 'Joining…'}</span>
    <button type="button" class="button" onClick={giveUp}>
      Cancel
    </button>
  </div>
);
