import { useEffect, useState } from 'preact/hooks';
import { useSession } from '../session/session-context.js';
import { elapsedOf } from './elapsed-of.js';

/** How long it goes on since then, in ms of the server's clock; counts by itself. */
export function Elapsed({ since }: { readonly since: number }) {
  const { client } = useSession();
  const [now, setNow] = useState(client.now());
  useEffect(() => {
    const tick = (): void => setNow(client.now());
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [client, since]);
  // Nobody wants to have every second read out.
  return (
    <span class="elapsed" role="timer" aria-live="off">
      {elapsedOf(now - since)}
    </span>
  );
}
