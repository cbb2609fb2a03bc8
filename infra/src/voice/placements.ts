import type { Redis } from 'ioredis';
import { defineScripts, NOW } from '../runtime/redis-scripts.js';
import type { Placement } from './protocol.js';
import { ALIVE_MS, BEATEN_KEY, GIVEN_KEY, NODES_KEY } from './registry.js';

/** Where one participant of a call is received: on its core, else on the edge `node` of the core `core`. */
export type Seat = Placement & { readonly core?: string };

/** Why a call is where it is: it was there, it is new, or where it was is gone or is to be left. */
export type WhyPlaced = 'kept' | 'new' | 'gone' | 'left';

export type SeatQuestion = {
  readonly conversationId: string;
  readonly call: number;
  /** Whom a seat is for; left out, only the call is placed. */
  readonly participant?: number;
  /** Where who asks is. */
  readonly region: string;
  /** Nodes that it must not be. */
  readonly except: readonly string[];
  /** Who asks has known it to be placed. */
  readonly known?: boolean;
};

export type Seating =
  | { readonly tag: 'seated'; readonly seat: Seat; readonly why: WhyPlaced }
  /** No node is alive and takes calls. */
  | { readonly tag: 'nobody' }
  /** A later call of the conversation is placed already. */
  | { readonly tag: 'over' }
  /** It is known to be placed, and there is no record of it, or none of its node: that may carry it, and has not said so yet, or not yet that it is there. */
  | { readonly tag: 'lost' };

/** Where calls are, in Redis. Everything rejects while Redis is away. */
export type Placements = {
  /**
   * Keeps the call where it is if its node lives, else places it anew under a greater fence; and gives the participant a seat there, or on an edge of it if that node has
   * its comfortable number. One script: whoever asks at once gets one answer.
   */
  seat(question: SeatQuestion): Promise<Seating>;
  /**
   * A node says that it carries a call, as its core or an edge. Puts the placement there again where Redis has lost it, unless it has a newer one, and the seats of who is
   * here and has none: they were given without Redis, or lost with it. Answers with the placement there is now.
   */
  keep(placement: Placement, carried: Carried): Promise<Placement>;
  /** Frees one seat, or forgets the call; a later call of the conversation stays. */
  free(conversationId: string, call: number, participant?: number): Promise<void>;
  /** Where a call is, and on how many seats of which nodes. */
  read(conversationId: string): Promise<PlacedCall | undefined>;
  /** Calls as they come in a scan: one that is placed meanwhile may be missing. */
  scan(): AsyncIterable<PlacedCall>;
};

/** What a node says of a call that it carries. */
export type Carried = {
  readonly by: string;
  /** The participants who are attached to it. */
  readonly here: readonly number[];
  /** Those who are in the call, by the log: seats of others are free. Undefined: not known now. */
  readonly participants?: readonly number[];
};

export type PlacedCall = Placement & { readonly seats: Readonly<Record<string, number>> };

/** Seconds for which a placement that nobody asks for and no node keeps is remembered. */
const REMEMBERED_S = 3_600;

/**
 * The record of a call is a hash: `call`, `node` (its core), `fence`, the seat of each participant `s:<participant>`, and how many each node has `c:<node>`. Which node is taken
 * is said in infra/src/testing/seat-model.ts, which a property compares with this. A node whose beat cannot be read, of another version maybe, is not taken.
 */
const SEAT = `${NOW}
local ask = cjson.decode(ARGV[1])
local except = {}
for _, node in ipairs(ask.except) do except[node] = true end
local function readBeat(text)
  local isJson, beat = pcall(cjson.decode, text)
  if not isJson or type(beat) ~= 'table' or type(beat.load) ~= 'table' then return false end
  for _, name in ipairs({ 'cpu', 'consumers', 'bitrate' }) do
    if type(beat.load[name]) ~= 'number' then return false end
  end
  return type(beat.comfortable) == 'number' and beat
end
local alive = {}
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], now - ask.aliveMs, '+inf')) do
  local text = not except[node] and redis.call('HGET', KEYS[1], node)
  local beat = text and readBeat(text)
  if beat then
    local load = beat.load
    local given = tonumber(redis.call('HGET', KEYS[3], node) or '0')
    alive[node] = {
      ready = beat.state == 'ready', draining = beat.state == 'draining',
      far = beat.region ~= ask.region and 1 or 0,
      comfortable = beat.comfortable,
      score = load.cpu + load.consumers / 2000 + load.bitrate / 1000000000 + given / 50,
    }
  end
end

local function better(a, b)
  if b == nil then return true end
  for at = 1, #a do
    if a[at] ~= b[at] then return a[at] < b[at] end
  end
  return false
end
local function best(rankOf)
  local chosen, rank
  for node, known in pairs(alive) do
    local own = rankOf(node, known)
    if own and better(own, rank) then chosen, rank = node, own end
  end
  return chosen
end

local call, core, fence = unpack(redis.call('HMGET', KEYS[4], 'call', 'node', 'fence'))
if call and tonumber(call) > ask.call then return { 'over' } end
local isLost = not call or (tonumber(call) == ask.call and not except[core] and redis.call('HEXISTS', KEYS[1], core) == 0)
if isLost and ask.known then return { 'lost' } end
local why = 'kept'
if not call or tonumber(call) < ask.call then why = 'new'
elseif except[core] then why = 'left'
elseif not (alive[core] and (alive[core].ready or alive[core].draining)) then why = 'gone' end

if why ~= 'kept' then
  core = best(function(node, known) return known.ready and { known.far, known.score, node } end)
  if not core then return { 'nobody' } end
  fence = string.format('%.0f', math.max(now, fence and tonumber(fence) + 1 or 0))
  redis.call('DEL', KEYS[4])
  redis.call('HSET', KEYS[4], 'call', string.format('%.0f', ask.call), 'node', core, 'fence', fence)
end

redis.call('EXPIRE', KEYS[4], ask.remembered)
if not ask.participant then return { 'seated', core, fence, core, why } end

local function seats(node) return tonumber(redis.call('HGET', KEYS[4], 'c:' .. node) or '0') end
local field = 's:' .. string.format('%.0f', ask.participant)
local seat = redis.call('HGET', KEYS[4], field)
if seat and not (alive[seat] and (seat == core or alive[seat].ready)) then
  redis.call('HINCRBY', KEYS[4], 'c:' .. seat, -1)
  seat = false
end
if not seat then
  if seats(core) < alive[core].comfortable then seat = core
  else
    seat = best(function(node, known)
      local taken = seats(node)
      return node ~= core and known.ready and taken < known.comfortable
        and { known.far, taken == 0 and 1 or 0, known.score, node }
    end)
    or best(function(node, known)
      local taken = seats(node)
      return (node == core or (known.ready and taken > 0)) and { taken, node }
    end)
  end
  redis.call('HSET', KEYS[4], field, seat)
  redis.call('HINCRBY', KEYS[4], 'c:' .. seat, 1)
  redis.call('HINCRBY', KEYS[3], seat, 1)
end
return { 'seated', seat, fence, core, why }`;

const KEEP = `
local ask = cjson.decode(ARGV[1])
local call, node, fence = unpack(redis.call('HMGET', KEYS[1], 'call', 'node', 'fence'))
local isNewer = not call or ask.call > tonumber(call) or (ask.call == tonumber(call) and ask.fence > tonumber(fence))
if isNewer then
  call, node, fence = string.format('%.0f', ask.call), ask.node, string.format('%.0f', ask.fence)
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'call', call, 'node', node, 'fence', fence)
elseif tonumber(call) ~= ask.call or node ~= ask.node then
  return { call, node, fence }
end
for _, participant in ipairs(ask.here) do
  local field = 's:' .. string.format('%.0f', participant)
  if redis.call('HSETNX', KEYS[1], field, ask.by) == 1 then redis.call('HINCRBY', KEYS[1], 'c:' .. ask.by, 1) end
end
if ask.participants then
  local stay = {}
  for _, participant in ipairs(ask.participants) do stay['s:' .. string.format('%.0f', participant)] = true end
  local all = redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    if string.sub(all[at], 1, 2) == 's:' and not stay[all[at]] then
      redis.call('HDEL', KEYS[1], all[at])
      if redis.call('HINCRBY', KEYS[1], 'c:' .. all[at + 1], -1) <= 0 then redis.call('HDEL', KEYS[1], 'c:' .. all[at + 1]) end
    end
  end
end
redis.call('EXPIRE', KEYS[1], ask.remembered)
return { call, node, fence }`;

const FREE = `
local call = redis.call('HGET', KEYS[1], 'call')
if not call or tonumber(call) > tonumber(ARGV[1]) then return end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) return end
if tonumber(call) ~= tonumber(ARGV[1]) then return end
local node = redis.call('HGET', KEYS[1], 's:' .. ARGV[2])
if not node then return end
redis.call('HDEL', KEYS[1], 's:' .. ARGV[2])
if redis.call('HINCRBY', KEYS[1], 'c:' .. node, -1) <= 0 then redis.call('HDEL', KEYS[1], 'c:' .. node) end`;

const CALL_PREFIX = 'voice:{placing}:call:';
const callKey = (conversationId: string): string => `${CALL_PREFIX}${conversationId}`;

export function openPlacements(redis: Redis): Placements {
  const scripts = defineScripts<Scripts>(redis, {
    voiceSeat: { keys: 4, lua: SEAT },
    voiceKeep: { keys: 1, lua: KEEP },
    voiceFree: { keys: 1, lua: FREE },
  });

  async function read(conversationId: string): Promise<PlacedCall | undefined> {
    return placedCall(conversationId, await redis.hgetall(callKey(conversationId)));
  }

  return {
    async seat({ conversationId, ...question }) {
      const ask = JSON.stringify({ ...question, aliveMs: ALIVE_MS, remembered: REMEMBERED_S });
      const key = callKey(conversationId);
      const answer = await scripts.voiceSeat(NODES_KEY, BEATEN_KEY, GIVEN_KEY, key, ask);
      if (answer[0] !== 'seated') return { tag: answer[0] };
      const [, node, fence, core, why] = answer;
      const placement = { conversationId, call: question.call, node, fence: Number(fence) };
      return { tag: 'seated', seat: node === core ? placement : { ...placement, core }, why };
    },
    async keep({ conversationId, ...placement }, carried) {
      const ask = JSON.stringify({ ...placement, ...carried, remembered: REMEMBERED_S });
      const [call, node, fence] = await scripts.voiceKeep(callKey(conversationId), ask);
      return { conversationId, call: Number(call), node, fence: Number(fence) };
    },
    async free(conversationId, call, participant) {
      await scripts.voiceFree(callKey(conversationId), call, participant ?? '');
    },
    read,
    async *scan() {
      for await (const keys of redis.scanStream({ match: `${CALL_PREFIX}*`, count: 500 })) {
        for (const key of new Set(keys as string[])) {
          const call = await read(key.slice(CALL_PREFIX.length));
          if (call !== undefined) yield call;
        }
      }
    },
  };
}

function placedCall(
  conversationId: string,
  fields: Readonly<Record<string, string>>,
): PlacedCall | undefined {
  if (fields.node === undefined) return undefined;
  const seats: Record<string, number> = {};
  for (const [field, value] of Object.entries(fields)) {
    if (field.startsWith('c:') && Number(value) > 0) seats[field.slice(2)] = Number(value);
  }
  return { conversationId, call: Number(fields.call), node: fields.node, fence: Number(fields.fence), seats };
}

/** What the scripts take and give. */
type Scripts = {
  voiceSeat(
    nodes: string,
    beaten: string,
    given: string,
    call: string,
    ask: string,
  ): Promise<
    ['seated', node: string, fence: string, core: string, why: WhyPlaced] | ['nobody' | 'over' | 'lost']
  >;
  voiceKeep(call: string, ask: string): Promise<[call: string, node: string, fence: string]>;
  voiceFree(key: string, call: number, participant: number | ''): Promise<unknown>;
};
