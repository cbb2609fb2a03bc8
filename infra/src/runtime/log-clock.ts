import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { Gauge, type Registry } from 'prom-client';
import type { Log } from './log.js';
import { type Apart, isDoubtful, measure, timeAt, unknown } from './log-clock-state.js';

/** The time that lives are measured by, the same in every process: the broker's. */
export type LogClock = {
  /**
   * Milliseconds since 1970 UTC. Goes on by the own monotonic clock, and leaps only where two of broker, own wall clock and own
   * monotonic clock agree that it should; a small correction back makes it stand still instead.
   */
  now(): number;
  close(): void;
};

export type ClockOptions = {
  readonly nats: NatsConnection;
  readonly log: Log;
  readonly registry: Registry;
  /** The own clocks, in ms; for tests. */
  readonly wall?: () => number;
  readonly monotonic?: () => number;
};

/** Milliseconds between two measurements, and until one that was not answered is given up. */
const EVERY = 2_000;
const PATIENCE = 1_000;

/** Whatever stream there is in every topology: its answer says what time it is at the broker that leads it. */
const ASKED = '$JS.API.STREAM.INFO.KV_PARLEY';

/**
 * Measures the broker's clock from now on, every 2 s. Resolves with the first time that broker and own wall clock agree on: before
 * that nothing is due and nothing can be dated, so a process waits for it as it waits for its servers.
 */
export async function openLogClock(options: ClockOptions): Promise<LogClock> {
  const { nats, log, registry, wall = Date.now, monotonic = () => performance.now() } = options;
  const gauge = new Gauge({
    name: 'parley_clock_apart_seconds',
    help: 'How far a clock that is not believed is ahead of the time that is; 0 while all agree.',
    labelNames: ['clock'],
    registers: [registry],
  });
  const clocks = ['broker', 'wall', 'own'] as const;
  for (const clock of clocks) gauge.set({ clock }, 0);
  const closing = new AbortController();
  let state = unknown;
  let given = 0;
  let asking: Promise<void> | undefined;

  const ask = (): Promise<void> => {
    asking ??= read().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  async function read(): Promise<void> {
    const askedAt = monotonic();
    const answer = await nats.request(ASKED, undefined, { timeout: PATIENCE }).catch(() => undefined);
    const ts = answer === undefined ? Number.NaN : Date.parse(answer.json<{ ts?: string }>().ts ?? '');
    if (Number.isNaN(ts)) return;
    const now = { wall: wall(), monotonic: monotonic() };
    const error = (now.monotonic - askedAt) / 2;
    const before = state;
    state = measure(state, { broker: ts + error, error, ...now });
    const leaps = state.apart?.clock === 'own' || before.tag === 'unknown';
    if (leaps) given = 0;
    tell(before.apart, state.apart);
  }

  function tell(before: Apart | undefined, apart: Apart | undefined): void {
    for (const clock of clocks)
      gauge.set({ clock }, apart?.clock === clock ? Math.round(apart.ahead) / 1_000 : 0);
    if (before?.clock === apart?.clock) return;
    if (apart === undefined) log.info('the clocks agree again');
    else log.warn({ clock: apart.clock, aheadMs: Math.round(apart.ahead) }, complaints[apart.clock]);
  }

  async function keepMeasuring(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(EVERY, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      if (!closing.signal.aborted && !nats.isClosed()) await ask();
    }
  }

  for (await ask(); state.tag === 'unknown'; await ask()) await sleep(EVERY / 10);
  void keepMeasuring();

  return {
    now() {
      const own = { wall: wall(), monotonic: monotonic() };
      if (isDoubtful(state, own)) void ask();
      given = Math.max(given, Math.round(timeAt(state, own.monotonic) ?? 0));
      return given;
    },
    close: () => closing.abort(),
  };
}

const complaints: Readonly<Record<Apart['clock'], string>> = {
  broker: "the broker's clock has leapt and is not believed; time goes on by our own",
  wall: 'our wall clock is not believed: the broker and our monotonic clock say otherwise',
  own: 'our monotonic clock stood still; time follows the broker and our wall clock',
};
