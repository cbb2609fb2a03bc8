import { useEffect, useState } from 'preact/hooks';
import { CallMount } from './call/call-mount.js';
import { useOngoing } from './call/use-calls.js';
import { ListPane } from './list/list-pane.js';
import { lazy } from './parts/lazy.js';
import { useSelected, useStore } from './parts/use-store.js';
import { address, goTo } from './session/address.js';
import { Announcer } from './session/announcer.js';
import { useSession } from './session/session-context.js';
import { usePagePresence } from './session/use-page-presence.js';
import { keepDraft } from './thread/drafts.js';
import { NoThread } from './thread/no-thread.js';
import { Thread } from './thread/thread.js';
import './workspace.css';

const NewConversation = lazy(() => import('./list/new-conversation.js').then((part) => part.NewConversation));
const QuickSwitch = lazy(() => import('./list/quick-switch.js').then((part) => part.QuickSwitch));
const Settings = lazy(() => import('./settings/settings.js').then((part) => part.Settings));

type Opened = 'new' | 'switch' | 'settings' | undefined;

/** List and conversation beside each other; on a phone one of the two. */
export function Workspace() {
  const { client } = useSession();
  const { conversationId } = useStore(address);
  const unread = useSelected(client.list, (list) => list.unread);
  const [opened, open] = useState<Opened>();
  usePagePresence(client);
  const caller = useOngoing((calls) => calls.find(({ rings }) => rings)?.by);

  useEffect(() => {
    document.title =
      caller !== undefined ? `${caller} is calling` : unread > 0 ? `(${unread}) Parley` : 'Parley';
  }, [unread, caller]);
  // Of a conversation that is erased not even what was begun in it stays.
  useEffect(
    () =>
      client.on('event', (event) => {
        if (event.type === 'conversation.erased') keepDraft(client.user, event.conversationId, '');
      }),
    [client],
  );
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open('switch');
      }
    };
    addEventListener('keydown', hear);
    // Without a connection later, what is not there yet could not come.
    const soon = setTimeout(() => {
      for (const part of [NewConversation, QuickSwitch, Settings]) part.preload();
    }, 2_000);
    return () => {
      removeEventListener('keydown', hear);
      clearTimeout(soon);
    };
  }, []);

  const close = (): void => open(undefined);
  return (
    <div class={`workspace ${conversationId === undefined ? 'at-list' : 'at-thread'}`}>
      <button type="button" class="skip" onClick={() => document.getElementById('compose')?.focus()}>
        Skip to the message field
      </button>
      <ListPane
        openId={conversationId}
        onNew={() => open('new')}
        onSearch={() => open('switch')}
        onSettings={() => open('settings')}
      />
      {conversationId === undefined ? (
        <NoThread onNew={() => open('new')} />
      ) : (
        <Thread key={conversationId} conversationId={conversationId} onBack={() => goTo(undefined)} />
      )}
      <CallMount openId={conversationId} />
      <Announcer conversationId={conversationId} />
      {opened === 'new' && <NewConversation onClose={close} />}
      {opened === 'switch' && <QuickSwitch onClose={close} onNew={() => open('new')} />}
      {opened === 'settings' && <Settings onClose={close} />}
    </div>
  );
}
