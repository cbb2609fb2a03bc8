import { Redis } from 'ioredis';
import type { Log } from './log.js';

export type RedisOptions = {
  readonly name: string;
  readonly log: Log;
  /** A command that is not answered by then fails; 500 ms unless said. */
  readonly commandTimeoutMs?: number;
};

/**
 * A client whose commands fail fast while Redis is away, and which reconnects for as long as the process lives. Waits up
 * to 2 s for the first connection, then returns without it: nothing of ours needs Redis to start.
 */
export const connectRedis = async (
  url: string,
  { name, log, commandTimeoutMs = 500 }: RedisOptions,
): Promise<Redis> => {
  const redis = new Redis(url, {
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  let complained = false;
  redis.on('error', (error: Error) => {
    if (!complained) log.warn({ reason: error.message }, 'Redis is away; going on without it');
    complained = true;
  });
  redis.on('ready', () => {
    if (complained) log.info('Redis is back');
    complained = false;
  });
  await Promise.race([
    new Promise<void>((resolve) => redis.once('ready', resolve)),
    new Promise<void>((resolve) => setTimeout(resolve, 2_000).unref()),
  ]);
  return redis;
};
