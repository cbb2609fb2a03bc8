import type { NatsConnection } from '@nats-io/transport-node';
import { AGREES_AT_FIRST } from './log-clock-state.js';

/** The clocks of this machine and of the broker are too far apart to date anything. */
export class ClocksApart extends Error {
  override readonly name = 'ClocksApart';
}

/**
 * The log's time in ms, for something short: the broker's clock, asked once, goes on by our own. What runs for long follows it by `openLogClock`.
 *
 * @throws ClocksApart where the two are more than a minute apart; as the client does when the broker does not answer
 */
export async function logTime(nats: NatsConnection): Promise<() => number> {
  const askedAt = performance.now();
  const answer = await nats.request('$JS.API.STREAM.INFO.KV_PARLEY', undefined, { timeout: 5_000 });
  const took = performance.now() - askedAt;
  const broker = Date.parse(answer.json<{ ts?: string }>().ts ?? '') + took / 2;
  if (!(Math.abs(broker - Date.now()) <= AGREES_AT_FIRST))
    throw new ClocksApart(
      `here it is ${new Date().toISOString()}, at the broker ${Number.isNaN(broker) ? 'no time' : new Date(broker).toISOString()}: set the clock that is wrong`,
    );
  const origin = broker - performance.now();
  return () => Math.round(origin + performance.now());
}
