import { Icon } from '../parts/icon.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';

type JumpButtonProps = { readonly conversationId: string; readonly onJump: () => void };

/** To the newest message, with how many are not read. */
export function JumpButton({ conversationId, onJump }: JumpButtonProps) {
  const { client } = useSession();
  const { conversations } = useStore(client.list);
  const unread = conversations.find((entry) => entry.conversationId === conversationId)?.unread ?? 0;
  return (
    <button
      type="button"
      class="jump"
      aria-label={unread > 0 ? `To the newest message, ${unread} unread` : 'To the newest message'}
      onClick={onJump}
    >
      <Icon name="down" />
      {unread > 0 && <span class="badge">{unread > 999 ? '999+' : unread}</span>}
    </button>
  );
}
