import { useEffect, useRef } from 'preact/hooks';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { rove } from '../parts/roving-focus.js';
import { useStore } from '../parts/use-store.js';
import { ConnectionBanner } from '../session/connection-banner.js';
import { useSession } from '../session/session-context.js';
import { ConversationRow } from './conversation-row.js';
import './list.css';

type ListPaneProps = {
  readonly openId: string | undefined;
  readonly onNew: () => void;
  readonly onSearch: () => void;
  readonly onSettings: () => void;
};

/** My conversations, and the way to everything that is about me. */
export function ListPane({ openId, onNew, onSearch, onSettings }: ListPaneProps) {
  const { client } = useSession();
  return (
    <nav class="list-pane" aria-label="Conversations">
      <header class="list-head">
        <h1 class="wordmark">
          <img src="/favicon.svg" alt="" width="26" height="26" />
          Parley
        </h1>
        <button
          type="button"
          class="icon-button"
          aria-label="New conversation"
          title="New conversation"
          onClick={onNew}
        >
          <Icon name="plus" />
        </button>
      </header>
      <button type="button" class="search-button" onClick={onSearch}>
        <Icon name="search" />
        <span>Find a conversation</span>
        <kbd>Ctrl K</kbd>
      </button>
      <ConnectionBanner />
      <Conversations openId={openId} onNew={onNew} />
      <footer class="list-foot">
        <Avatar name={client.user} size="small" />
        <strong class="me">{client.user}</strong>
        <button type="button" class="icon-button" aria-label="Settings" title="Settings" onClick={onSettings}>
          <Icon name="settings" />
        </button>
      </footer>
    </nav>
  );
}

function Conversations({
  openId,
  onNew,
}: {
  readonly openId: string | undefined;
  readonly onNew: () => void;
}) {
  const { client } = useSession();
  const { conversations, hasMore, isLoading, problem } = useStore(client.list);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const mark = end.current;
    if (mark === null || !hasMore) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) void client.list.loadMore();
    });
    observer.observe(mark);
    return () => observer.disconnect();
  }, [client, hasMore, conversations.length]);

  if (isLoading && conversations.length === 0) return <Skeletons />;
  if (conversations.length === 0 && problem === undefined)
    return (
      <div class="list-empty">
        <p>No conversations yet.</p>
        <button type="button" class="button primary" onClick={onNew}>
          Start one
        </button>
      </div>
    );
  const first = conversations[0]?.conversationId;
  const reachable = conversations.some(({ conversationId }) => conversationId === openId) ? openId : first;
  return (
    <ul class="conversations" onKeyDown={(event) => rove(event, '.conversation')}>
      {conversations.map((entry) => (
        <ConversationRow
          key={entry.conversationId}
          entry={entry}
          isOpen={entry.conversationId === openId}
          isReachable={entry.conversationId === reachable}
        />
      ))}
      {problem !== undefined && (
        <li class="list-problem">
          <p>{problem.message}</p>
          <button type="button" class="text-button" onClick={() => void client.list.loadMore()}>
            Try again
          </button>
        </li>
      )}
      {hasMore && (
        <li>
          <div ref={end} class="list-end" />
        </li>
      )}
    </ul>
  );
}

const Skeletons = () => (
  <div class="conversations" aria-busy="true" aria-label="Loading conversations" role="status">
    {[0, 1, 2, 3, 4, 5].map((row) => (
      <div key={row} class="conversation skeleton">
        <span class="avatar" />
        <span class="bar" />
        <span class="bar short" />
      </div>
    ))}
  </div>
);
