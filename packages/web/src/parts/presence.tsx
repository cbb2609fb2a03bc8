import { useMemo } from 'preact/hooks';
import { useSession } from '../session/session-context.js';
import { agoOf } from '../text/times.js';
import { useStore } from './use-store.js';

function usePresence(user: string) {
  const { client } = useSession();
  return useStore(useMemo(() => client.presence(user), [client, user]));
}

/** A dot on an avatar: who is there, who is away. */
export function PresenceDot({ user }: { readonly user: string }) {
  const { status } = usePresence(user);
  if (status !== 'online' && status !== 'away') return null;
  return <span class={`presence-dot ${status}`} role="img" aria-label={status} />;
}

/** The same in words. */
export function PresenceLine({ user }: { readonly user: string }) {
  const { status, lastSeenAt } = usePresence(user);
  if (status === 'online' || status === 'away')
    return <span class={`presence-line ${status}`}>{status}</span>;
  if (lastSeenAt !== undefined) return <span>last seen {agoOf(lastSeenAt, Date.now())}</span>;
  return <span>{status === 'offline' ? 'offline' : ''}</span>;
}
