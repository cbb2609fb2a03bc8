import { useState } from 'preact/hooks';
import { PeopleInput } from '../parts/people-input.js';
import { sayWhy } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';

/** Lets people in. */
export function AddPeople({ conversationId }: { readonly conversationId: string }) {
  const { client } = useSession();
  const [users, setUsers] = useState<readonly string[]>([]);
  return (
    <form
      class="add-people"
      onSubmit={(event) => {
        event.preventDefault();
        client.call('member.add', { conversationId, users }).then(() => setUsers([]), sayWhy);
      }}
    >
      <PeopleInput label="Add people" people={users} onChange={setUsers} />
      <button type="submit" class="button" disabled={users.length === 0}>
        Add
      </button>
    </form>
  );
}
