import { actsOn } from '@parley/domain/conversation/standing';
import type { Role } from '@parley/domain/conversation/vocabulary';
import { useEffect, useMemo } from 'preact/hooks';
import { useEntry } from '../list/use-entry.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { type Standing, standingOf } from './standing.js';

/** What I may do in the calls of a conversation, as my role changes. */
export function useStanding(conversationId: string | undefined): Standing {
  return standingOf(useEntry(conversationId));
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
