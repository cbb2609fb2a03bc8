import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { createLog } from '@parley/infra/runtime/log';
import { type Heard, hearNodes } from '@parley/infra/voice/heard';
import { openPlacements, type Placements } from '@parley/infra/voice/placements';
import { BEAT_MS, type KnownNode, openRegistry } from '@parley/infra/voice/registry';
import { Option } from 'commander';
import { runningEndpoints } from '../terminal/endpoints.js';
import { openLog } from '../terminal/log-access.js';

/** Where nodes are heard and placements kept; what is not said is that of the running stack. */
export type VoiceFlags = { readonly nats?: string; readonly redis?: string; readonly json?: true };

export const redisOption = (): Option =>
  new Option('--redis <url>', 'where placements are kept; else that of the running stack').env('REDIS_URL');

export type VoiceAccess = {
  readonly nats: NatsConnection;
  readonly heard: Heard;
  readonly placements: Placements;
  /** By Redis; while that is away those that are heard in a second, whose beats are of now. */
  nodes(): Promise<readonly KnownNode[]>;
};

/** @throws CliError when the broker does not answer, or no stack runs */
export async function withVoice<A>(flags: VoiceFlags, use: (access: VoiceAccess) => Promise<A>): Promise<A> {
  const isElsewhere = flags.nats !== undefined && flags.redis !== undefined;
  const running = isElsewhere ? undefined : await runningEndpoints('--nats and --redis');
  const { nats, close } = await openLog(flags.nats ?? running?.nats);
  const redis = await connectRedis(flags.redis ?? (running?.redis as string), {
    name: 'parley-voice',
    log: createLog('parley', 'silent'),
  });
  const heard = hearNodes(nats);
  const registry = openRegistry(redis);

  async function nodes(): Promise<readonly KnownNode[]> {
    const known = await registry.read().catch(() => undefined);
    if (known !== undefined) return known;
    await sleep(1.2 * BEAT_MS);
    return heard.nodes().map((beat) => ({ beat, ageMs: 0 }));
  }

  try {
    return await use({ nats, heard, placements: openPlacements(redis), nodes });
  } finally {
    heard.close();
    redis.disconnect();
    await close();
  }
}
