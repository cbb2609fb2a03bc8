import { actsOn } from '@parley/domain/conversation/standing';
import type { Role } from '@parley/domain/conversation/vocabulary';
import { directConversationId } from '@parley/domain/ids';
import { Avatar } from '../parts/avatar.js';
import { Menu, type MenuItem } from '../parts/menu.js';
import { PresenceLine } from '../parts/presence.js';
import { sayWhy } from '../parts/toasts.js';
import { goTo } from '../session/address.js';
import { useSession } from '../session/session-context.js';

type MemberRowProps = {
  readonly conversationId: string;
  readonly user: string;
  readonly role: Role;
  readonly myRole: Role;
  readonly isRoom: boolean;
  readonly isClosed: boolean;
};

/** A member, their role, and what I may do about them. */
export function MemberRow({ conversationId, user, role, myRole, isRoom, isClosed }: MemberRowProps) {
  const { client } = useSession();
  const isMe = user === client.user;
  const mayAct = isRoom && !isClosed && !isMe && actsOn(myRole, role);
  const mayAppoint = mayAct && myRole === 'owner';
  const make = (next: Role): MenuItem => ({
    label: { owner: 'Make owner', admin: 'Make admin', member: 'Make member' }[next],
    run: () => void client.call('member.setRole', { conversationId, user, role: next }).catch(sayWhy),
  });
  const talk = async (): Promise<void> => {
    const direct = directConversationId(client.user, user);
    await client
      .call('conversation.create', { conversationId: direct, kind: 'direct', members: [user] })
      .catch(() => undefined);
    goTo(direct);
  };
  const items: readonly (MenuItem | false)[] = [
    isRoom && !isMe && { label: 'Write to them alone', icon: 'reply', run: () => void talk() },
    mayAppoint && role !== 'owner' && make('owner'),
    mayAppoint && role !== 'admin' && make('admin'),
    mayAppoint && role !== 'member' && make('member'),
    mayAct && {
      label: 'Remove',
      icon: 'leave',
      isDangerous: true,
      run: () => void client.call('member.remove', { conversationId, users: [user] }).catch(sayWhy),
    },
    mayAct && {
      label: 'Ban',
      icon: 'lock',
      isDangerous: true,
      run: () => void client.call('member.ban', { conversationId, user }).catch(sayWhy),
    },
  ];
  const possible = items.filter((item) => item !== false);
  return (
    <li class="person">
      <Avatar name={user} size="small" presenceOf={user} />
      <div class="person-words">
        <strong>
          {user}
          {isMe && ' (you)'}
        </strong>
        {!isMe && <PresenceLine user={user} />}
      </div>
      {role !== 'member' && <span class={`role ${role}`}>{role}</span>}
      {possible.length > 0 && <Menu label={`What to do about ${user}`} icon="more" items={possible} />}
    </li>
  );
}
