import { actsOn } from '@parley/domain/conversation/standing';
import type { Role } from '@parley/domain/conversation/vocabulary';
import { useEffect, useMemo } from 'preact/hooks';
import { useSelected, useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';

/** What I may do in the calls of a conversation. */
export function useLeading(conversationId: string): { readonly isDirect: boolean; readonly leads: boolean } {
  const { client } = useSession();
  const entry = useSelected(client.list, ({ conversations }) =>
    conversations.find((each) => each.conversationId === conversationId),
  );
  return { isDirect: entry?.kind === 'direct', leads: (entry?.role ?? 'member') !== 'member' };
}

/** Whether I may mute that person for everyone and put them out. */
export function useActsOn(conversationId: string): (user: string) => boolean {
  const { client } = useSession();
  const opened = useMemo(() => client.details(conversationId), [client, conversationId]);
  useEffect(() => () => opened.close(), [opened]);
  const details = useStore(opened);
  return (user) => {
    if (details === undefined || details.kind === 'direct' || user === client.user) return false;
    // Whoever is not on the first page of many is a member: those who lead come first.
    const role: Role = details.members.find((member) => member.user === user)?.role ?? 'member';
    return actsOn(details.role, role);
  };
}
