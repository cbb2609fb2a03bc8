import { presenceKey } from '@parley/infra/read-model/presence-key';
import { defineScripts, NOW } from '@parley/infra/runtime/redis-scripts';
import type { Redis } from 'ioredis';
import type { Saying } from './said.js';
import { ALIVE_MS, type Alive, type Kept, type Shown } from './view.js';

/** Presence as it is kept in Redis. Everything rejects while Redis is away. */
export type PresenceStore = {
  /** Says that a gateway lives, and who else does. `isNew` is one that was not alive just before. */
  beat(gateway: string): Promise<{ readonly isNew: boolean; readonly alive: Alive }>;
  /** Puts what the devices of a person on a gateway say. */
  put(gateway: string, user: string, saying: Saying, facts: PutFacts): Promise<Put>;
  /** What is kept of people, in their order. */
  read(users: readonly string[]): Promise<readonly Kept[]>;
};

/** Gateways whose entries may go, and how many ms ago the person left where they did. */
export type PutFacts = { readonly dead: readonly string[]; readonly leftAgoMs: number };

/** Whether anybody could see a difference, and which of the silent devices are remembered as invisible. */
export type Put = { readonly changed: boolean; readonly hidden: readonly string[] };

/** Seconds for which it is remembered when somebody was last seen, which devices were invisible, and which gateways there were. */
const REMEMBERED_S = 30 * 24 * 60 * 60;

/** Gateways that are remembered after their death. */
const MAX_GATEWAYS = 1_000;

/** Devices of one person that are remembered as invisible. */
const MAX_HIDDEN = 64;

const GATEWAYS_KEY = 'presence:gateways';

const BEAT = `${NOW}
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3] * 1000)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[4] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
local isNew = 1
if before and tonumber(before) > now then isNew = 0 end
return { now, isNew, redis.call('ZREVRANGE', KEYS[1], 0, -1, 'WITHSCORES') }`;

/** Only who was to be seen on a gateway and is not any more was last seen now: one who is invisible leaves unnoticed. */
const PUT = `${NOW}
local ask = cjson.decode(ARGV[1])
local shown = ask.shown
for _, device in ipairs(ask.show) do redis.call('HDEL', KEYS[1], 'hidden:' .. device) end
if redis.call('HLEN', KEYS[1]) < ask.maxFields then
  for _, device in ipairs(ask.hide) do redis.call('HSET', KEYS[1], 'hidden:' .. device, '1') end
end
local hidden = {}
for _, device in ipairs(ask.silent) do
  if redis.call('HEXISTS', KEYS[1], 'hidden:' .. device) == 1 then hidden[#hidden + 1] = device
  else shown = 'online' end
end
local field = 'on:' .. ask.gateway
local before = redis.call('HGET', KEYS[1], field) or ''
if shown ~= '' then
  redis.call('HSET', KEYS[1], field, shown)
  for _, gateway in ipairs(ask.dead) do redis.call('HDEL', KEYS[1], 'on:' .. gateway) end
elseif before ~= '' then
  redis.call('HDEL', KEYS[1], field)
  redis.call('HSET', KEYS[1], 'seen', string.format('%.0f', now - ask.leftAgoMs))
end
redis.call('EXPIRE', KEYS[1], ask.remembered)
return { before == shown and 0 or 1, hidden }`;

export function openPresenceStore(redis: Redis): PresenceStore {
  const scripts = defineScripts<Scripts>(redis, {
    presenceBeat: { keys: 1, lua: BEAT },
    presencePut: { keys: 1, lua: PUT },
  });
  return {
    async beat(gateway) {
      const [now, isNew, flat] = await scripts.presenceBeat(
        GATEWAYS_KEY,
        gateway,
        ALIVE_MS,
        REMEMBERED_S,
        MAX_GATEWAYS,
      );
      const until = new Map<string, number>();
      for (let at = 0; at < flat.length; at += 2) until.set(flat[at] as string, Number(flat[at + 1]));
      return { isNew: isNew === 1, alive: { now, until } };
    },
    async put(gateway, user, { shown = '', ...saying }, facts) {
      const ask = { gateway, shown, ...saying, ...facts, maxFields: MAX_HIDDEN, remembered: REMEMBERED_S };
      const [changed, hidden] = await scripts.presencePut(presenceKey(user), JSON.stringify(ask));
      return { changed: changed === 1, hidden };
    },
    read: (users) => Promise.all(users.map(async (user) => keptOf(await redis.hgetall(presenceKey(user))))),
  };
}

/** What the scripts take and give. */
type Scripts = {
  presenceBeat(
    key: string,
    gateway: string,
    aliveMs: number,
    rememberedS: number,
    maxGateways: number,
  ): Promise<[now: number, isNew: number, flat: string[]]>;
  presencePut(key: string, ask: string): Promise<[changed: number, hidden: string[]]>;
};

function keptOf(fields: Readonly<Record<string, string>>): Kept {
  const on = new Map<string, Shown>();
  for (const [field, value] of Object.entries(fields)) {
    if (field.startsWith('on:') && (value === 'online' || value === 'away')) on.set(field.slice(3), value);
  }
  const seenAt = Number(fields.seen);
  return { on, seenAt: Number.isSafeInteger(seenAt) && seenAt > 0 ? seenAt : undefined };
}
