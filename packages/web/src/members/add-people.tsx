import { useState } from 'preact/hooks';
import { PeopleInput } from '../parts/people-input.js';
import { sayWhy } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';

/** Lets people in. */
export function AddPeople({ conversationId }: { readonly conversationId: string }) {
  const { client } = useSession();
  const [taken, take] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState<string>();
  const users = typed === undefined ? taken : [...new Set([...taken, typed])];
  return (
    <form
      class="add-people"
      onSubmit={(event) => {
        event.preventDefault();
        client.call('member.add', { conversationId, users }).then(() => take([]), sayWhy);
      }}
    >
      <PeopleInput label="Add people" people={taken} onChange={take} onTyped={setTyped} />
      <button type="submit" class="button" disabled={users.length === 0}>
        Add
      </button>
    </form>
  );
}
