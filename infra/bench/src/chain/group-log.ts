import { type Envelope, envelop } from '@parley/domain/log/envelope';

const NOON = 1_700_000_000_000;

/** People who enter with one event at most: what one command may name. */
const PER_EVENT = 500;

/** How a group comes to be that has all of these people: created by the first, who lets the others in. */
export function groupOf(conversationId: string, users: readonly string[]): readonly Envelope[] {
  const members = users.map((user, index) => ({
    user,
    role: index === 0 ? ('owner' as const) : ('member' as const),
    banHash: `h-${user}`,
  }));
  const actor = users[0] as string;
  const place = (seq: number) => ({ conversationId, seq, at: NOON, actor, commandId: `c-${seq}` });
  const created = envelop(
    {
      type: 'conversation.created',
      data: { kind: 'group', ttl: null, members: members.slice(0, PER_EVENT) },
    },
    place(1),
  );
  const added = Array.from({ length: Math.ceil(members.length / PER_EVENT) - 1 }, (_, index) =>
    envelop(
      {
        type: 'member.added',
        data: { members: members.slice((index + 1) * PER_EVENT, (index + 2) * PER_EVENT) },
      },
      place(index + 2),
    ),
  );
  return [created, ...added];
}
