import { setTimeout as sleep } from 'node:timers/promises';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { TemplatedApp } from 'uwebsockets';
import type { Gateway } from '../gateway.js';
import { drive } from './life.js';

/** Milliseconds for answers under way, then for close codes to be taken; together well within what a process has to stop. */
const ANSWER_WITHIN_MS = 3_000;
const CLOSE_WITHIN_MS = 3_000;

/** Stops taking connections and requests, answers what is under way, and sends everyone elsewhere. */
export async function goAway(
  gateway: Gateway,
  app: TemplatedApp,
  listening: { close(): void },
): Promise<void> {
  gateway.stopping = true;
  listening.close();
  await until(() => [...gateway.sessions].every(({ inFlight }) => inFlight === 0), ANSWER_WITHIN_MS);
  for (const session of gateway.sessions) drive(gateway, session, { tag: 'stopping' });
  await until(() => gateway.sessions.size === 0, CLOSE_WITHIN_MS);
  app.close();
}

async function until(condition: () => boolean, ms: number): Promise<void> {
  const end = steadyNow() + ms;
  while (!condition() && steadyNow() < end) await sleep(20);
}
