import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { PeopleInput } from '../parts/people-input.js';
import { say, sayWhy } from '../parts/toasts.js';
import { goTo } from '../session/address.js';
import { useSession } from '../session/session-context.js';

type LeavingProps = {
  readonly conversationId: string;
  readonly mayClose: boolean;
  readonly mayUnban: boolean;
};

/** The ways out: leave, close for everyone, and back in for who was banned. What cannot be undone asks twice. */
export function Leaving({ conversationId, mayClose, mayUnban }: LeavingProps) {
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
    </section>
  );
}
