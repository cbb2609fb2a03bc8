import type { ConversationView } from '@parley/domain/wire/views';
import { CallButtons } from '../call/call-buttons.js';
import { otherOf, titleOf } from '../list/titles.js';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { PresenceLine } from '../parts/presence.js';
import { useNow } from '../parts/use-now.js';
import { useSession } from '../session/session-context.js';
import { briefLifeOf, lifeOf, momentOf, untilOf } from '../text/times.js';

type ThreadHeaderProps = {
  readonly conversationId: string;
  readonly known:
    | Pick<ConversationView, 'conversationId' | 'title' | 'kind' | 'memberCount' | 'ttl' | 'expiresAt'>
    | undefined;
  readonly isErased: boolean;
  readonly mayCall: boolean;
  readonly mayStartCall: boolean;
  readonly isPanelOpen: boolean;
  readonly onPanel: () => void;
  readonly onBack: () => void;
};

/** Who one talks to, and the way to everything about the conversation. */
export function ThreadHeader(props: ThreadHeaderProps) {
  const { conversationId, known, isErased, mayCall, mayStartCall, isPanelOpen, onPanel, onBack } = props;
  const { client } = useSession();
  const other = otherOf(conversationId, client.user);
  const title =
    isErased && other === undefined
      ? 'Erased conversation'
      : titleOf(known ?? { conversationId }, client.user);
  return (
    <header class="thread-head">
      <button type="button" class="icon-button back" aria-label="Back to the list" onClick={onBack}>
        <Icon name="back" />
      </button>
      <Avatar name={title} isRoom={other === undefined} presenceOf={other} />
      <div class="thread-title">
        <h2>
          <bdi>{title}</bdi>
        </h2>
        <p>
          {other === undefined ? (
            known !== undefined && (
              <span>
                {known.memberCount === 1 ? '1 member' : `${known.memberCount.toLocaleString()} members`}
              </span>
            )
          ) : (
            <PresenceLine user={other} />
          )}
          {known?.ttl != null && (
            <span class="life">
              <Icon name="timer" />
              <span class="wide">{lifeOf(known.ttl)}</span>
              <span class="narrow">{briefLifeOf(known.ttl)}</span>
            </span>
          )}
          {known?.expiresAt !== undefined && <Ending expiresAt={known.expiresAt} />}
        </p>
      </div>
      {mayCall && <CallButtons conversationId={conversationId} mayStart={mayStartCall} />}
      {!isErased && (
        <button
          type="button"
          class="icon-button"
          aria-label="About this conversation"
          title="About this conversation"
          aria-expanded={isPanelOpen}
          onClick={onPanel}
        >
          <Icon name={other === undefined ? 'people' : 'info'} />
        </button>
      )}
    </header>
  );
}

/** When the conversation itself ends. */
function Ending({ expiresAt }: { readonly expiresAt: number }) {
  const { client } = useSession();
  const now = useNow(client, expiresAt);
  return (
    <span class="life ending" title={`Ends ${momentOf(expiresAt)}`}>
      <Icon name="clock" />
      <span class="wide">ends in </span>
      {untilOf(expiresAt, now)}
    </span>
  );
}
