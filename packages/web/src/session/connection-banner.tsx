import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from './session-context.js';

/** A break shorter than this, in ms, is not worth a word. */
const PATIENCE_MS = 800;

/** Says that there is no connection, when it is tried again, and what waits for it. */
export function ConnectionBanner() {
  const { client } = useSession();
  const state = useStore(client.connection);
  const unsent = useStore(client.unsent);
  const [isShown, show] = useState(false);
  const [now, setNow] = useState(Date.now());
  const isOpen = state.tag === 'open';
  useEffect(() => {
    if (isOpen) return show(false);
    const patience = setTimeout(() => show(true), PATIENCE_MS);
    const clock = setInterval(() => setNow(Date.now()), 500);
    return () => {
      clearTimeout(patience);
      clearInterval(clock);
    };
  }, [isOpen]);
  if (!isShown || isOpen || state.tag === 'stopped') return null;
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
