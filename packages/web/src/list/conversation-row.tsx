import type { ConversationEntry } from '@parley/client/conversations/conversation-list';
import type { MessageView } from '@parley/domain/wire/views';
import { useOngoing } from '../call/use-calls.js';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { hrefOf } from '../session/address.js';
import { useSession } from '../session/session-context.js';
import { briefOf } from '../text/times.js';
import { otherOf, titleOf } from './titles.js';

type RowProps = {
  readonly entry: ConversationEntry;
  readonly isOpen: boolean;
  /** Whether Tab stops here; the arrow keys go to the others. */
  readonly isReachable: boolean;
};

/** One conversation in the list. */
export function ConversationRow({ entry, isOpen, isReachable }: RowProps) {
  const { client } = useSession();
  const { conversationId, kind, preview, unread, lastActivityAt, typing, closed } = entry;
  const title = titleOf(entry, client.user);
  const other = otherOf(conversationId, client.user);
  const talking = useOngoing(
    (calls) => calls.find((each) => each.conversationId === conversationId)?.people.length,
  );
  return (
    <li>
      <a
        href={hrefOf(conversationId)}
        class={`conversation ${isOpen ? 'open' : ''} ${unread > 0 ? 'unread' : ''}`}
        aria-current={isOpen ? 'page' : undefined}
        tabIndex={isReachable ? 0 : -1}
      >
        <Avatar name={title} isRoom={kind !== 'direct'} presenceOf={other} />
        <span class="conversation-title">
          <bdi>{title}</bdi>
        </span>
        <time class="conversation-time" dateTime={new Date(lastActivityAt).toISOString()}>
          {briefOf(preview === null ? lastActivityAt : (preview.sentAt ?? preview.at), Date.now())}
        </time>
        <span class="conversation-preview" dir="auto">
          {talking !== undefined ? (
            <em class="conversation-call">
              <Icon name="phone" />
              {talking === 1 ? 'A call goes on' : `${talking} in a call`}
            </em>
          ) : typing.length > 0 ? (
            <em>{typing.join(', ')} typing…</em>
          ) : (
            previewOf(preview, kind === 'direct', client.user, closed)
          )}
        </span>
        {unread > 0 && (
          <span class="badge" role="img" aria-label={`${unread} unread`}>
            {unread > 999 ? '999+' : unread}
          </span>
        )}
      </a>
    </li>
  );
}

/** Longer than any row is wide. */
const SHOWN = 120;

function previewOf(preview: MessageView | null, isDirect: boolean, me: string, isClosed: boolean): string {
  if (isClosed) return 'Closed';
  if (preview === null) return 'No messages';
  const { author, body, sealed } = preview;
  const who = author === me ? 'You: ' : isDirect ? '' : `${author}: `;
  if (sealed !== undefined) return `${who}message ${sealed === 'locked' ? 'locked for now' : 'erased'}`;
  if (body === null) return `${who}message deleted`;
  if (body.kind === 'sealed') return `${who}encrypted message`;
  const line = body.text.slice(0, SHOWN).replace(/\s+/g, ' ');
  return body.emote ? `* ${author} ${line}` : `${who}${line}`;
}
