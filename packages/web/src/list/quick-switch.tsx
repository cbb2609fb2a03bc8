import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Avatar } from '../parts/avatar.js';
import { Dialog } from '../parts/dialog.js';
import { useStore } from '../parts/use-store.js';
import { goTo } from '../session/address.js';
import { useSession } from '../session/session-context.js';
import { titleOf } from './titles.js';

/** Found ones that are shown. */
const SHOWN = 12;

type QuickSwitchProps = { readonly onClose: () => void; readonly onNew: () => void };

/** Ctrl+K: a conversation by a few letters of its name. */
export function QuickSwitch({ onClose, onNew }: QuickSwitchProps) {
  const { client } = useSession();
  const id = useId();
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const sought = words.trim().toLowerCase();
  const found = useStore(client.list)
    .conversations.filter((entry) => titleOf(entry, client.user).toLowerCase().includes(sought))
    .slice(0, SHOWN);
  useEffect(() => field.current?.focus(), []);

  const choose = (index: number): void => {
    const chosen = found[index];
    if (chosen === undefined) return;
    onClose();
    goTo(chosen.conversationId);
  };
  return (
    <Dialog title="Find a conversation" isNarrow onClose={onClose}>
      <input
        ref={field}
        class="input"
        role="combobox"
        aria-label="Name of a conversation"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found[at] === undefined ? undefined : `${id}-${at}`}
        autocomplete="off"
        value={words}
        onInput={({ currentTarget }) => {
          setWords(currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (event.key === 'Enter') choose(at);
          if (step === undefined) return;
          event.preventDefault();
          setAt(Math.max(0, Math.min(found.length - 1, at + step)));
        }}
      />
      <div class="found" id={id} role="listbox" aria-label="Conversations">
        {found.map((entry, index) => {
          const title = titleOf(entry, client.user);
          return (
            // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active one
            // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field does it
            <div
              key={entry.conversationId}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              class={`found-one ${index === at ? 'active' : ''}`}
              onClick={() => choose(index)}
            >
              <Avatar name={title} size="small" isRoom={entry.kind !== 'direct'} />
              <bdi>{title}</bdi>
              {entry.unread > 0 && <span class="badge">{entry.unread}</span>}
            </div>
          );
        })}
      </div>
      {found.length === 0 && (
        <p class="found-none">
          Nothing is called that.{' '}
          <button type="button" class="text-button" onClick={onNew}>
            Start a conversation
          </button>
        </p>
      )}
    </Dialog>
  );
}
