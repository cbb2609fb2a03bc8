import type { ParleyClient } from '@parley/client/parley-client';
import { useEffect } from 'preact/hooks';

/** Tells the others that this person is away while the page is hidden. */
export function usePagePresence(client: ParleyClient): void {
  useEffect(() => {
    let said = 'online';
    const tell = (): void => {
      const status = document.visibilityState === 'visible' ? 'online' : 'away';
      if (client.state.tag !== 'open' || said === status) return;
      said = status;
      void client.call('presence.set', { status }).catch(() => undefined);
    };
    document.addEventListener('visibilitychange', tell);
    // A new session begins as somebody who is there.
    const off = client.on('state', ({ tag }) => {
      if (tag !== 'open') return;
      said = 'online';
      tell();
    });
    return () => {
      document.removeEventListener('visibilitychange', tell);
      off();
    };
  }, [client]);
}
