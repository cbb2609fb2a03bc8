import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import type { Stack } from '@parley/infra/embedded/stack';
import { storeLog } from '@parley/infra/testing/store-log';
import { SYSTEM_PARTITIONS, type SystemProcesses } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { startChild } from './child.js';
import { projectorLag } from './projector-lag.js';

/** Thousands of connections in one process that counts what reaches them. */
export type Crowd = {
  /** Resolves when `frames` more have come, all connections together; ask before sending. */
  expect(frames: number): Promise<{ readonly reached: Promise<unknown> }>;
  /** All of them send this. */
  say(frame: string): void;
  /** What came since frames were last expected, all connections together. */
  count(): Promise<{ readonly frames: number; readonly bytes: number }>;
  /** Opens more, the sessions of these people. */
  join(tokens: readonly string[]): Promise<void>;
  stop(): Promise<void>;
};

/** @param who tokens of those who open a session, or how many connect and do nothing. */
export async function gather(url: string, who: readonly string[] | number): Promise<Crowd> {
  const child = startChild('frame-counter');
  const broken = child.hear('lost').then(() => {
    throw new Error('a connection was closed');
  });
  broken.catch(() => undefined);
  const open = async (opening: object): Promise<void> => {
    const ready = child.hear('ready');
    child.send({ open: { url, ...opening } });
    await Promise.race([ready, broken]);
  };
  await open(typeof who === 'number' ? { count: who } : { tokens: who });
  return {
    async expect(frames) {
      const counting = child.hear('counting');
      const reached = Promise.race([child.hear('reached'), broken]);
      reached.catch(() => undefined);
      child.send({ expect: frames });
      await counting;
      return { reached };
    },
    say: (frame) => child.send({ say: frame }),
    async count() {
      const counted = child.hear<{ frames: number; bytes: number }>('counted');
      child.send({ count: true });
      return counted;
    },
    join: (tokens) => open({ tokens }),
    stop: () => child.stop(),
  };
}

/** Writes a past into the log and waits until the projector has it in rows, so that sessions find their conversations. */
export async function withPast(
  stack: Stack,
  nats: NatsConnection,
  events: readonly Envelope[],
): Promise<void> {
  await storeLog(nats, events, SYSTEM_PARTITIONS);
  await waitFor(async () => (await projectorLag(stack.nats, stack.database)) === 0, {
    what: 'the past in rows',
    timeout: 60_000,
  });
}

export const tokensOf = (system: SystemProcesses, users: readonly string[]): Promise<readonly string[]> =>
  Promise.all(users.map((user) => system.token(user)));
