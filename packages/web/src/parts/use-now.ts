import type { ParleyClient } from '@parley/client/parley-client';
import { useEffect, useState } from 'preact/hooks';

const HOUR = 3_600_000;

/** The server's time, for a countdown to `end`: renders again every second in its last hour, every half minute before; not at all without one. */
export function useNow(client: ParleyClient, end: number | undefined): number {
  const [now, setNow] = useState(client.now());
  const isNear = end !== undefined && end - now < HOUR;
  useEffect(() => {
    if (end === undefined) return;
    const tick = (): void => setNow(client.now());
    tick();
    const timer = setInterval(tick, isNear ? 1_000 : 30_000);
    return () => clearInterval(timer);
  }, [client, end, isNear]);
  return now;
}
