import { RefusalError } from '@parley/client/refusal-error';
import type { Kind } from '@parley/domain/conversation/vocabulary';
import { directConversationId } from '@parley/domain/ids';
import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.js';
import { Icon, type IconName } from '../parts/icon.js';
import { PeopleInput } from '../parts/people-input.js';
import { say, sayWhy } from '../parts/toasts.js';
import { goTo } from '../session/address.js';
import { useSession } from '../session/session-context.js';
import { LIVES } from '../text/times.js';

const kinds: readonly (readonly [kind: Kind, icon: IconName, label: string, about: string])[] = [
  ['direct', 'person', 'Direct', 'You and one other person'],
  ['group', 'people', 'Group', 'Everyone may write'],
  ['channel', 'horn', 'Channel', 'Admins post, many read'],
];

/** Starts a conversation of any kind. */
export function NewConversation({ onClose }: { readonly onClose: () => void }) {
  const { client } = useSession();
  const [kind, setKind] = useState<Kind>('direct');
  const [taken, setPeople] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState<string>();
  const people = typed === undefined ? taken : [...new Set([...taken, typed])];
  const [title, setTitle] = useState('');
  const [ttl, setTtl] = useState<number | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isReady = kind === 'direct' ? people.length === 1 : title.trim() !== '';

  async function create(): Promise<void> {
    const [other = ''] = people;
    if (kind === 'direct' && other === client.user) return say('This is you: name somebody else.', 'problem');
    const conversationId =
      kind === 'direct' ? directConversationId(client.user, other) : `${kind}-${crypto.randomUUID()}`;
    setBusy(true);
    try {
      await client.call('conversation.create', {
        conversationId,
        kind,
        members: people.filter((name) => name !== client.user),
        ...(kind === 'direct' ? {} : { title: title.trim() }),
        ttl,
      });
    } catch (error) {
      // There is one direct conversation of two people: that one is meant.
      if (!(kind === 'direct' && error instanceof RefusalError && error.tag === 'ConversationExists')) {
        setBusy(false);
        return sayWhy(error);
      }
    }
    onClose();
    goTo(conversationId);
  }

  return (
    <Dialog title="New conversation" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void create();
        }}
      >
        <fieldset class="kinds">
          <legend>Kind</legend>
          {kinds.map(([each, icon, label, about]) => (
            <label key={each} class={`kind ${each === kind ? 'chosen' : ''}`}>
              <input
                type="radio"
                name="kind"
                value={each}
                checked={each === kind}
                onChange={() => {
                  setKind(each);
                  if (each === 'direct') setPeople(taken.slice(0, 1));
                }}
              />
              <Icon name={icon} />
              <strong>{label}</strong>
              <span>{about}</span>
            </label>
          ))}
        </fieldset>
        {kind !== 'direct' && (
          <div class="field">
            <label for="new-title">Title</label>
            <input
              id="new-title"
              class="input"
              value={title}
              maxLength={200}
              dir="auto"
              onInput={({ currentTarget }) => setTitle(currentTarget.value)}
            />
          </div>
        )}
        <PeopleInput
          label={kind === 'direct' ? 'With' : 'People'}
          people={taken}
          onChange={setPeople}
          onTyped={setTyped}
          most={kind === 'direct' ? 1 : 500}
        />
        <div class="field">
          <label for="new-ttl">Messages disappear after</label>
          <select
            id="new-ttl"
            class="input"
            value={String(ttl)}
            onChange={({ currentTarget: { value } }) => setTtl(value === 'null' ? null : Number(value))}
          >
            {LIVES.map(([seconds, label]) => (
              <option key={label} value={String(seconds)}>
                {label}
              </option>
            ))}
          </select>
        </div>
        <footer class="dialog-foot">
          <button type="submit" class="button primary" disabled={!isReady || isBusy}>
            {isBusy ? 'Starting…' : 'Start'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
