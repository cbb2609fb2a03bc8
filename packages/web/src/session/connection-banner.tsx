import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { useSelected, useStore } from '../parts/use-store.js';
import { useSession } from './session-context.js';

/** A break shorter than this, in ms, is not worth a word. */
const PATIENCE_MS = 800;

/** Whether there has been no connection for longer than is not worth a word. */
export function useIsCut(): boolean {
  const { client } = useSession();
  const isOpen = useSelected(client.connection, ({ tag }) => tag === 'open');
  const [isCut, setCut] = useState(false);
  useEffect(() => {
    if (isOpen) return setCut(false);
    const patience = setTimeout(() => setCut(true), PATIENCE_MS);
    return () => clearTimeout(patience);
  }, [isOpen]);
  return isCut && !isOpen;
}

/** Says that there is no connection, when it is tried again, and what waits for it. */
export function ConnectionBanner() {
  const { client } = useSession();
  const state = useStore(client.connection);
  const unsent = useStore(client.unsent);
  const isCut = useIsCut();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isCut) return;
    const clock = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(clock);
  }, [isCut]);
  if (!isCut || state.tag === 'stopped') return null;
  const seconds = state.tag === 'waiting' ? Math.ceil(((state.retryAt ?? now) - now) / 1_000) : 0;
  return (
    <div class="banner" role="status">
      <Icon name="alert" />
      <p>
        {seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting…'}
        {unsent > 0 && ` · ${unsent} unsent, kept and sent once the line is back`}
      </p>
    </div>
  );
}
