import type { Details } from '@parley/client/conversations/conversation-list';
import { titleOf } from '../list/titles.js';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { AddPeople } from './add-people.js';
import { EndChoice } from './end-choice.js';
import { Leaving } from './leaving.js';
import { LifeChoice } from './life-choice.js';
import { MemberRow } from './member-row.js';
import { TitleForm } from './title-form.js';
import './members.css';

type MembersPanelProps = {
  readonly details: Details;
  readonly conversationId: string;
  readonly onClose: () => void;
};

/** Who is in a conversation, and what may be changed about it. */
export function MembersPanel({ details, conversationId, onClose }: MembersPanelProps) {
  const { client } = useSession();
  const detail = useStore(details);
  const mayManage = detail !== undefined && detail.role !== 'member' && !detail.closed;
  const isRoom = detail?.kind !== 'direct';
  return (
    <aside class="panel" aria-label="About this conversation">
      <header class="panel-head">
        <h2>About</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {detail === undefined ? (
        <span class="spinner" role="status" aria-label="Loading" />
      ) : (
        <div class="panel-body">
          <div class="panel-title">
            <Avatar name={titleOf(detail, client.user)} size="large" isRoom={isRoom} />
            {isRoom && mayManage ? (
              <TitleForm conversationId={conversationId} title={detail.title ?? ''} />
            ) : (
              <h3>
                <bdi>{titleOf(detail, client.user)}</bdi>
              </h3>
            )}
          </div>
          <LifeChoice
            conversationId={conversationId}
            ttl={detail.ttl}
            isDisabled={detail.closed || (isRoom && !mayManage)}
          />
          <EndChoice
            conversationId={conversationId}
            expiresAt={detail.expiresAt}
            isDisabled={detail.closed || detail.role !== 'owner'}
          />
          <section aria-labelledby="members-title">
            <h3 id="members-title">{detail.memberCount.toLocaleString()} members</h3>
            {isRoom && mayManage && <AddPeople conversationId={conversationId} />}
            <ul class="people">
              {detail.members.map(({ user, role }) => (
                <MemberRow
                  key={user}
                  conversationId={conversationId}
                  user={user}
                  role={role}
                  myRole={detail.role}
                  isRoom={isRoom}
                  isClosed={detail.closed}
                />
              ))}
            </ul>
            {detail.hasMoreMembers && (
              <button type="button" class="button" onClick={() => void details.loadMoreMembers()}>
                Show more
              </button>
            )}
          </section>
          {isRoom && (
            <Leaving
              conversationId={conversationId}
              mayClose={mayManage && detail.role === 'owner'}
              mayUnban={mayManage}
              mayErase={detail.role === 'owner'}
              isHeld={detail.hold !== undefined}
              title={titleOf(detail, client.user)}
            />
          )}
        </div>
      )}
    </aside>
  );
}
