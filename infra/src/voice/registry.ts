import type { Redis } from 'ioredis';
import { defineScripts, NOW } from '../runtime/redis-scripts.js';
import { type NodeBeat, readBeat } from './beat.js';

/**
 * Milliseconds after its last beat for which a node counts as alive. Beats come every second, so one may be lost and the next one late; longer would not fit: a call
 * whose node has died is to be heard again within 3 s. Gateways with somebody on a node notice its death before that, this bound is for who asks anew.
 */
export const ALIVE_MS = 2_500;

/** Milliseconds between two beats of a node. */
export const BEAT_MS = 1_000;

/** One slot of a cluster, because placing reads nodes and calls at once. */
export const NODES_KEY = 'voice:{placing}:nodes';
export const BEATEN_KEY = 'voice:{placing}:beaten';
export const GIVEN_KEY = 'voice:{placing}:given';

/** Nodes as Redis knows them. Everything rejects while Redis is away. */
export type Registry = {
  /** Says that a node is there; `isNew` if Redis did not have it: it was thought dead, or Redis has lost what it had. */
  beat(beat: NodeBeat): Promise<{ readonly isNew: boolean }>;
  /** A node goes, of its own will. */
  leave(node: string): Promise<void>;
  /** The nodes heard of in the last minute, with the milliseconds since their last beat. */
  read(): Promise<readonly KnownNode[]>;
};

export type KnownNode = { readonly beat: NodeBeat; readonly ageMs: number };

/** What was given to a node weighs until its own figures show it: CPU is measured over a second, and whoever was sent there connects first. */
const BEAT = `${NOW}
local before = redis.call('ZSCORE', KEYS[2], ARGV[1])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - 60000)) do
  redis.call('ZREM', KEYS[2], gone)
  redis.call('HDEL', KEYS[1], gone)
  redis.call('HDEL', KEYS[3], gone)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
local given = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0')
if given > 1 then redis.call('HSET', KEYS[3], ARGV[1], math.floor(given / 2)) else redis.call('HDEL', KEYS[3], ARGV[1]) end
if before and now - tonumber(before) <= tonumber(ARGV[3]) then return 0 end
return 1`;

const LEAVE = `
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])`;

const READ = `${NOW}
local known = {}
local beaten = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for at = 1, #beaten, 2 do
  local text = redis.call('HGET', KEYS[1], beaten[at])
  if text then known[#known + 1] = { text, now - beaten[at + 1] } end
end
return known`;

export function openRegistry(redis: Redis): Registry {
  const scripts = defineScripts<Scripts>(redis, {
    voiceBeat: { keys: 3, lua: BEAT },
    voiceLeave: { keys: 3, lua: LEAVE },
    voiceNodes: { keys: 2, lua: READ },
  });
  return {
    async beat(beat) {
      const text = JSON.stringify(beat);
      return {
        isNew: (await scripts.voiceBeat(NODES_KEY, BEATEN_KEY, GIVEN_KEY, beat.node, text, ALIVE_MS)) === 1,
      };
    },
    async leave(node) {
      await scripts.voiceLeave(NODES_KEY, BEATEN_KEY, GIVEN_KEY, node);
    },
    async read() {
      const known = await scripts.voiceNodes(NODES_KEY, BEATEN_KEY);
      return known.flatMap(([text, ageMs]) => {
        const beat = readBeat(text);
        return beat === undefined ? [] : { beat, ageMs };
      });
    },
  };
}

/** What the scripts take and give. */
type Scripts = {
  voiceBeat(
    nodes: string,
    beaten: string,
    given: string,
    node: string,
    beat: string,
    aliveMs: number,
  ): Promise<number>;
  voiceLeave(nodes: string, beaten: string, given: string, node: string): Promise<unknown>;
  voiceNodes(nodes: string, beaten: string): Promise<[text: string, ageMs: number][]>;
};
