import type { CallEntry } from '@parley/client/timeline/timeline';
import { Icon } from '../parts/icon.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { clockOf } from '../text/times.js';
import { entering } from './call-page.js';
import { wordsOfCall } from './call-words.js';
import { enterCall } from './enter-call.js';
import { useCallState, useCurrentCall } from './use-calls.js';
import './call-line.css';

type CallLineProps = {
  readonly conversationId: string;
  readonly call: CallEntry;
  /** Whether a call may be started here: by calling back. */
  readonly mayStart: boolean;
};

/** A call between messages: one that goes on, one that was, one that I missed. */
export function CallLine({ conversationId, call, mayStart }: CallLineProps) {
  const who = useSession();
  const { seq, media, state, at } = call;
  const { title, more } = wordsOfCall(call, who.client.user);
  const isIn = useCallState(useCurrentCall(), (now) => now.call === seq && now.phase !== 'ended') === true;
  const isBusy = useStore(entering)?.conversationId === conversationId;
  const isJoinable = state === 'ongoing' && !isIn;
  return (
    <div class={`call-line ${state}`} data-key={`call-${seq}`}>
      <span class="call-line-face">
        <Icon name={media === 'video' ? 'video' : 'phone'} />
      </span>
      <p>
        <strong dir="auto">{title}</strong>
        <span>
          {more !== '' && `${more} · `}
          {clockOf(at)}
        </span>
      </p>
      {isJoinable && (
        <button
          type="button"
          class="button primary"
          disabled={isBusy}
          onClick={() => void enterCall(who, { conversationId, call: seq, media: 'voice' })}
        >
          Join
        </button>
      )}
      {state === 'missed' && mayStart && (
        <button
          type="button"
          class="button"
          disabled={isBusy}
          onClick={() => void enterCall(who, { conversationId, media })}
        >
          Call back
        </button>
      )}
    </div>
  );
}
