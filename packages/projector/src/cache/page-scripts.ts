import { PAGE_ROWS } from '@parley/infra/read-model/newest-page';
import type { ChainableCommander, Redis } from 'ioredis';

/** Life of a page that nothing touches, in s: a conversation at rest for longer is read from Postgres. */
const PAGE_LIFE = 14 * 86_400;

/** Bytes of text at which a page is cut down to its newest rows. */
const TRIM_AT = 65_536;

/** `#<revision>` ends a page; its revision is in the last few bytes. */
const revisionOf = `
local function revision(key)
  return tonumber(string.match(redis.call('getrange', key, -20, -1), '#(%d+)\\n$'))
end`;

/**
 * Appends rows and a revision to a page that is exactly at the revision before them, or begins a page where the
 * conversation begins. 1 when it did; 0 when the page is missing or at another revision, and nothing was changed.
 */
const advance = `${revisionOf}
local from = tonumber(ARGV[1])
local exists = redis.call('exists', KEYS[1]) == 1
if exists and revision(KEYS[1]) ~= from or not exists and from ~= 0 then return 0 end
if redis.call('append', KEYS[1], ARGV[2]) > ${TRIM_AT} then
  local lines = {}
  for line in string.gmatch(redis.call('get', KEYS[1]), '[^\\n]+') do
    if string.byte(line) ~= 35 then lines[#lines + 1] = line end
  end
  local kept = table.concat(lines, '\\n', math.max(1, #lines - ${PAGE_ROWS} + 1))
  redis.call('set', KEYS[1], kept .. '\\n#' .. revision(KEYS[1]) .. '\\n')
end
redis.call('expire', KEYS[1], ${PAGE_LIFE})
return 1`;

/** Puts a page, unless the one there is as new or newer. */
const put = `${revisionOf}
if redis.call('exists', KEYS[1]) == 1 and (revision(KEYS[1]) or 0) >= tonumber(ARGV[1]) then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'ex', ${PAGE_LIFE})
return 1`;

/** Scripts that keep a page right whoever writes it when: each step is from one revision to a later one. */
export type PageCommander = {
  advancePage(key: string, from: number, text: string): ChainableCommander & PageCommander;
  putPage(key: string, revision: number, text: string): ChainableCommander & PageCommander;
};

export function pagePipeline(redis: Redis): ChainableCommander & PageCommander {
  if (!('advancePage' in redis)) {
    redis.defineCommand('advancePage', { numberOfKeys: 1, lua: advance });
    redis.defineCommand('putPage', { numberOfKeys: 1, lua: put });
  }
  return redis.pipeline() as ChainableCommander & PageCommander;
}
