import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `send` at an even rate for a while and gives each call the time at which it was due, so that a sender that falls
 * behind counts its own delay (no coordinated omission, Gil Tene).
 *
 * @param rate calls a second
 * @param seconds how long
 */
export async function atRate(
  rate: number,
  seconds: number,
  send: (due: number, n: number) => void,
): Promise<number> {
  const begin = performance.now();
  const total = Math.round(rate * seconds);
  let sent = 0;
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) / 1000) * rate) + 1);
    while (sent < due) {
      send(begin + (sent * 1000) / rate, sent);
      sent++;
    }
    await sleep(1);
  }
  return sent;
}
