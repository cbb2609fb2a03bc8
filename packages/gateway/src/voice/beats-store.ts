import { defineScripts, NOW } from '@parley/infra/runtime/redis-scripts';
import type { Redis } from 'ioredis';

/** Milliseconds between two beats of a gateway. */
export const BEAT_MS = 5_000;

/** Milliseconds after which a participant that was not heard of is taken out of its call. */
export const LOST_MS = 20_000;

/** Milliseconds without a beat of any gateway after which Redis was away: nobody is taken out until everybody had time to be heard again. */
export const SILENCE_MS = 2 * BEAT_MS + 1_000;

/** Milliseconds between two sweeps: how long somebody who was lost by Redis alone, and not by an outage, stays unnoticed. */
export const SWEEP_MS = 300_000;

export const BEATS_KEY = 'voice:beats';

/** Members of one command: what Lua unpacks at once is bounded. */
const CHUNK = 500;

/** Most that are taken out in one round of one gateway. */
const MOST_LOST = 200;

/** Who of all calls was heard of, and when. Everything rejects while Redis is away. */
export type BeatsStore = {
  /** These are here, now. Says also, with nobody, that gateways can tell Redis who is there. */
  hear(members: readonly string[]): Promise<void>;
  /** These should be heard of from now on: they are in a call by the log. */
  expect(members: readonly string[]): Promise<void>;
  forget(members: readonly string[]): Promise<void>;
  /**
   * Those not heard of for {@link LOST_MS}, each given to one of all who ask; who does not take them out for good finds them again after that time. None,
   * as long as not every gateway had time to say who is there.
   */
  takeLost(): Promise<readonly string[]>;
  /**
   * Whether it is time to expect everybody who is in a call, and for whoever asks to do it: after Redis was away or has lost everything, and every {@link SWEEP_MS}. Who
   * has not done it within {@link LOST_MS} has done nothing.
   */
  takeSweep(): Promise<boolean>;
  /** It is done. */
  swept(): Promise<void>;
};

/**
 * `~at`, `~since` and `~sweep` stand among the participants, so that a script touches one key: when any gateway said something last, since when they have gone on doing
 * so, and from when on the next sweep may be taken.
 */
const HEAR = `${NOW}
local at = redis.call('ZSCORE', KEYS[1], '~at')
if not at or now - at > tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now, '~since')
  redis.call('ZREM', KEYS[1], '~sweep')
end
redis.call('ZADD', KEYS[1], now, '~at')
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now, ARGV[index]) end`;

const EXPECT = `${NOW}
for index = 1, #ARGV do redis.call('ZADD', KEYS[1], 'NX', now, ARGV[index]) end`;

const TAKE_LOST = `${NOW}
local since = redis.call('ZSCORE', KEYS[1], '~since')
local lost = {}
if not since or now - since < tonumber(ARGV[1]) then return lost end
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1], 'LIMIT', 0, ARGV[2])) do
  if string.sub(member, 1, 1) ~= '~' then
    redis.call('ZADD', KEYS[1], now, member)
    lost[#lost + 1] = member
  end
end
return lost`;

const TAKE_SWEEP = `${NOW}
local due = redis.call('ZSCORE', KEYS[1], '~sweep')
if due and tonumber(due) > now then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[1], '~sweep')
return 1`;

const SWEPT = `${NOW}
redis.call('ZADD', KEYS[1], now + ARGV[1], '~sweep')`;

export function openBeatsStore(redis: Redis): BeatsStore {
  const scripts = defineScripts<Scripts>(redis, {
    voiceHear: { keys: 1, lua: HEAR },
    voiceExpect: { keys: 1, lua: EXPECT },
    voiceTakeLost: { keys: 1, lua: TAKE_LOST },
    voiceTakeSweep: { keys: 1, lua: TAKE_SWEEP },
    voiceSwept: { keys: 1, lua: SWEPT },
  });
  return {
    async hear(members) {
      const some = members.length === 0 ? [[]] : chunks(members);
      await Promise.all(some.map((chunk) => scripts.voiceHear(BEATS_KEY, SILENCE_MS, ...chunk)));
    },
    async expect(members) {
      await Promise.all(chunks(members).map((chunk) => scripts.voiceExpect(BEATS_KEY, ...chunk)));
    },
    async forget(members) {
      await Promise.all(chunks(members).map((chunk) => redis.zrem(BEATS_KEY, ...chunk)));
    },
    takeLost: () => scripts.voiceTakeLost(BEATS_KEY, LOST_MS, MOST_LOST),
    takeSweep: async () => (await scripts.voiceTakeSweep(BEATS_KEY, LOST_MS)) === 1,
    async swept() {
      await scripts.voiceSwept(BEATS_KEY, SWEEP_MS);
    },
  };
}

const chunks = (members: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(members.length / CHUNK) }, (_, index) =>
    members.slice(index * CHUNK, (index + 1) * CHUNK),
  );

/** What the scripts take and give. */
type Scripts = {
  voiceHear(key: string, silenceMs: number, ...members: string[]): Promise<unknown>;
  voiceExpect(key: string, ...members: string[]): Promise<unknown>;
  voiceTakeLost(key: string, lostMs: number, most: number): Promise<string[]>;
  voiceTakeSweep(key: string, withinMs: number): Promise<number>;
  voiceSwept(key: string, nextMs: number): Promise<unknown>;
};
