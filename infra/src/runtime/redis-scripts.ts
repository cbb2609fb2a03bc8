import type { Redis } from 'ioredis';

/** The beginning of a script that needs the time: `now`, in ms since 1970 UTC. One clock for all: that of Redis. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** A script, and how many of its arguments, the first ones, are keys. */
type Script = { readonly keys: number; readonly lua: string };

/** Makes scripts commands of a connection, by their names; `S` says what each takes and gives. */
export function defineScripts<S>(redis: Redis, scripts: { readonly [name in keyof S]: Script }): S {
  for (const [name, { keys, lua }] of Object.entries<Script>(scripts))
    redis.defineCommand(name, { numberOfKeys: keys, lua });
  return redis as unknown as S;
}
