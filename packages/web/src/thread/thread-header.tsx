import type { ConversationView } from '@parley/domain/wire/views';
import { otherOf, titleOf } from '../list/titles.js';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { PresenceLine } from '../parts/presence.js';
import { useSession } from '../session/session-context.js';
import { lifeOf } from '../text/times.js';

type ThreadHeaderProps = {
  readonly conversationId: string;
  readonly known:
    | Pick<ConversationView, 'conversationId' | 'title' | 'kind' | 'memberCount' | 'ttl'>
    | undefined;
  readonly isPanelOpen: boolean;
  readonly onPanel: () => void;
  readonly onBack: () => void;
};

/** Who one talks to, and the way to everything about the conversation. */
export function ThreadHeader({ conversationId, known, isPanelOpen, onPanel, onBack }: ThreadHeaderProps) {
  const { client } = useSession();
  const title = titleOf(known ?? { conversationId }, client.user);
  const other = otherOf(conversationId, client.user);
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
              {lifeOf(known.ttl)}
            </span>
          )}
        </p>
      </div>
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
    </header>
  );
}
