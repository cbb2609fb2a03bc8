import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { sayWhy } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';

type TitleFormProps = { readonly conversationId: string; readonly title: string };

/** The title, and another one for it. */
export function TitleForm({ conversationId, title }: TitleFormProps) {
  const { client } = useSession();
  const [draft, setDraft] = useState<string>();
  if (draft === undefined)
    return (
      <h3>
        <bdi>{title === '' ? conversationId : title}</bdi>
        <button
          type="button"
          class="icon-button"
          aria-label="Rename"
          title="Rename"
          onClick={() => setDraft(title)}
        >
          <Icon name="edit" />
        </button>
      </h3>
    );
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        client
          .call('conversation.rename', { conversationId, title: draft.trim() })
          .then(() => setDraft(undefined), sayWhy);
      }}
    >
      <input
        class="input"
        aria-label="Title"
        dir="auto"
        maxLength={200}
        value={draft}
        onInput={({ currentTarget }) => setDraft(currentTarget.value)}
        onKeyDown={({ key }) => key === 'Escape' && setDraft(undefined)}
      />
      <button type="submit" class="button primary" disabled={draft.trim() === ''}>
        Save
      </button>
    </form>
  );
}
