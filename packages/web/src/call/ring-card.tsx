import type { OngoingCallHere } from '@parley/client/voice/call-types';
import { useEffect } from 'preact/hooks';
import { otherOf, titleOf } from '../list/titles.js';
import { useEntry } from '../list/use-entry.js';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { CallIcon } from './call-icon.js';
import { callSettings } from './call-settings.js';
import { enterCall } from './enter-call.js';
import { notifyOfCall } from './ring-notice.js';
import { standingOf } from './standing.js';
import { play, RINGING } from './tone.js';
import { useOngoing } from './use-calls.js';

/** More at once nobody can answer. */
const MAX_CARDS = 3;

/** Those who call just now. */
export function RingCards() {
  const calls = useOngoing((all) => all);
  const ringing = calls.filter(({ rings }) => rings);
  const { client } = useSession();
  const { rings } = useStore(callSettings(client.user));
  const isRinging = ringing.length > 0;
  useEffect(() => (isRinging && rings ? play(RINGING) : undefined), [isRinging, rings]);
  return (
    <div class="ring-cards">
      {ringing.slice(0, MAX_CARDS).map((call, index) => (
        <RingCard key={`${call.conversationId} ${call.call}`} call={call} hasKeys={index === 0} />
      ))}
    </div>
  );
}

type RingCardProps = {
  readonly call: OngoingCallHere;
  /** The keys answer the first of several. */
  readonly hasKeys: boolean;
};

/** One call that rings: who, where, and the answers. It takes no focus: somebody may be writing. */
function RingCard({ call: ringing, hasKeys }: RingCardProps) {
  const who = useSession();
  const { client, calls } = who;
  const { conversationId, call, media, by } = ringing;
  const entry = useEntry(conversationId);
  const isDirect = otherOf(conversationId, client.user) !== undefined;
  const title = titleOf(entry ?? { conversationId }, client.user);
  const { speaks } = standingOf(entry);
  const words = `${by} calls${isDirect ? '' : ` in ${title}`}`;
  const accept = (withMedia: 'voice' | 'video'): void =>
    void enterCall(who, { conversationId, call, media: withMedia });
  const decline = (): void => calls.loaded.snapshot()?.decline(conversationId, call);
  useEffect(() => {
    if (!hasKeys) return;
    const hear = (event: KeyboardEvent): void => {
      if (!event.altKey || !event.shiftKey) return;
      const answer = { KeyA: () => accept('voice'), KeyV: () => accept('video'), KeyD: decline }[event.code];
      if (answer === undefined) return;
      event.preventDefault();
      answer();
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, [hasKeys]);
  useEffect(() => notifyOfCall(words, media, () => accept('voice')), []);
  return (
    <section class="ring-card" aria-label={`Incoming ${media} call`}>
      <span class="ring-face">
        <Avatar name={by} />
      </span>
      <div class="ring-words">
        <strong>{by}</strong>
        <span>
          {media === 'video' ? 'Video call' : 'Voice call'}
          {!isDirect && (
            <>
              {' in '}
              <bdi>{title}</bdi>
            </>
          )}
        </span>
      </div>
      <div class="ring-answers">
        <Answer tone="decline" label="Decline" keys="Alt+Shift+D" onClick={decline} />
        <Answer
          tone={media === 'video' && speaks ? 'plain' : 'accept'}
          label="Accept"
          keys="Alt+Shift+A"
          onClick={() => accept('voice')}
        />
        {speaks && (
          <Answer
            tone={media === 'video' ? 'accept' : 'plain'}
            label="Accept with video"
            keys="Alt+Shift+V"
            onClick={() => accept('video')}
          />
        )}
      </div>
      <p class="sr-only" role="alert">
        {`${words}, ${media}. Alt Shift A accepts,${speaks ? ' Alt Shift V accepts with video,' : ''} Alt Shift D declines.`}
      </p>
    </section>
  );
}

type AnswerProps = {
  readonly tone: 'decline' | 'accept' | 'plain';
  readonly label: 'Decline' | 'Accept' | 'Accept with video';
  readonly keys: string;
  readonly onClick: () => void;
};

const Answer = ({ tone, label, keys, onClick }: AnswerProps) => (
  <button
    type="button"
    class={`ring-answer ${tone}`}
    aria-keyshortcuts={keys}
    title={`${label} (${keys.replaceAll('+', ' ')})`}
    aria-label={label}
    onClick={onClick}
  >
    {label === 'Decline' ? (
      <CallIcon name="hangUp" />
    ) : (
      <Icon name={label === 'Accept' ? 'phone' : 'video'} />
    )}
    <span>{label === 'Accept with video' ? 'Video' : label}</span>
  </button>
);
