import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { PeopleInput } from '../parts/people-input.js';
import { say, sayWhy } from '../parts/toasts.js';
import { goTo } from '../session/address.js';
import { useSession } from '../session/session-context.js';
import { EraseDialog } from './erase-dialog.js';

type LeavingProps = {
  readonly conversationId: string;
  readonly mayClose: boolean;
  readonly mayUnban: boolean;
  readonly mayErase: boolean;
  readonly isHeld: boolean;
  readonly title: string;
};

/** The ways out: leave, close for everyone, and back in for who was banned. What cannot be undone asks twice. */
export function Leaving(props: LeavingProps) {
  const { conversationId, mayClose, mayUnban, mayErase, isHeld, title } = props;
  const [isErasing, setErasing] = useState(false);
  const { client } = useSession();
  const [sure, setSure] = useState<'leave' | 'close'>();
  const [taken, take] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState<string>();
  const banned = typed === undefined ? taken : [...new Set([...taken, typed])];
  const leave = (): void =>
    void client.call('member.leave', { conversationId }).then(() => goTo(undefined), sayWhy);
  const close = (): void =>
    void client.call('conversation.close', { conversationId }).then(() => setSure(undefined), sayWhy);
  const unban = async (): Promise<void> => {
    for (const user of banned) await client.call('member.unban', { conversationId, user }).catch(sayWhy);
    say('They may be added again.');
    take([]);
  };
  return (
    <section class="leaving" aria-label="Leaving">
      {mayUnban && (
        <details>
          <summary>Lift a ban</summary>
          <form
            class="add-people"
            onSubmit={(event) => {
              event.preventDefault();
              void unban();
            }}
          >
            <PeopleInput label="Who was banned" people={taken} onChange={take} onTyped={setTyped} />
            <button type="submit" class="button" disabled={banned.length === 0}>
              Lift
            </button>
          </form>
        </details>
      )}
      <button
        type="button"
        class="button dangerous"
        onClick={() => (sure === 'leave' ? leave() : setSure('leave'))}
      >
        <Icon name="leave" />
        {sure === 'leave' ? 'Yes, leave' : 'Leave'}
      </button>
      {mayClose && (
        <button
          type="button"
          class="button dangerous"
          onClick={() => (sure === 'close' ? close() : setSure('close'))}
        >
          <Icon name="lock" />
          {sure === 'close' ? 'Yes, close it for good' : 'Close for everyone'}
        </button>
      )}
      {mayErase && (
        <button type="button" class="button dangerous" disabled={isHeld} onClick={() => setErasing(true)}>
          <Icon name="trash" />
          Erase for everyone
        </button>
      )}
      {mayErase && isHeld && <p class="hint">Nothing is erased while the conversation is on legal hold.</p>}
      {isErasing && (
        <EraseDialog conversationId={conversationId} title={title} onClose={() => setErasing(false)} />
      )}
    </section>
  );
}
