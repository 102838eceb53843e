-- base: stands before every script: the keys, the clock, the head, and how a change is made.
--
-- KEYS  meta clients catalogs rosters catalog_refs counts providers marks deadlines leases replicas holds feed ops
-- ARGV[1] operation  <deadline in server ms>-<random>: the script refuses to run later, and runs once
-- ARGV[2] replica    who calls
-- ARGV[3] actor      the person behind the call, or ''
-- ARGV[4] holder     whose set KEYS[12] is
--
-- Order: deadline (here), integrity and operation seen? (gate), then the verb: preconditions, commit (the first write,
-- one that Redis refuses when it is out of memory), state, finish.
-- US (31) separates fields, RS (30) groups, GS (29) parts of a payload.
local META, CLIENTS, CATALOGS, ROSTERS, CATALOG_REFS, COUNTS, PROVIDERS, MARKS, DEADLINES, LEASES, REPLICAS, HOLDS, FEED,
  OPS = unpack(KEYS)
local operation, replica, actor, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call, match, format = redis.call, string.match, string.format

local function int(number) return format('%.0f', number) end

local function sizes()
  return call('HLEN', CLIENTS) .. ' ' .. call('HLEN', CATALOGS) .. ' ' .. call('HLEN', ROSTERS) .. ' '
    .. call('HLEN', CATALOG_REFS) .. ' ' .. call('HLEN', COUNTS) .. ' ' .. call('HLEN', PROVIDERS) .. ' '
    .. call('HLEN', MARKS) .. ' ' .. call('ZCARD', LEASES) .. ' ' .. call('HLEN', REPLICAS) .. ' '
    .. call('XLEN', FEED) .. ' ' .. call('ZCARD', OPS)
end

local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local meta = call('HMGET', META, 'schema', 'epoch', 'rev', 'tail', 'now', 'sizes', 'deadlines', 'deadline', 'holds:' .. holder)
local epoch, rev, tail, latest = meta[2], tonumber(meta[3]), meta[4], tonumber(meta[8] or 0)
-- A clock that went back a little stands still; one that went back more is believed.
local before = tonumber(meta[5] or 0)
if before > now and before - now <= 5000 then now = before end

local last_moment = tonumber(match(operation, '^%d+'))
if last_moment < now or last_moment > now + 90000 then return redis.error_reply('ROLLCALL CLOCK ' .. int(now)) end
-- commit makes the next revision and tells the feed. The nonce of an entry is the operation that made it.
local function commit(kind, payload)
  rev = rev + 1
  call('XADD', FEED, 'MAXLEN', '~', '100000', int(rev) .. '-0', 'epoch', epoch, 'prev', tail, 'nonce', operation,
    'time', int(now), 'replica', replica, 'actor', actor, 'kind', kind, 'payload', payload)
  tail = operation
  call('ZADD', OPS, int(rev), operation)
  -- Two old ones leave for one that comes, so the set stays as small as the horizon allows.
  for _, old in ipairs(call('ZRANGE', OPS, 0, 1)) do
    if tonumber(match(old, '^%d+')) < now then call('ZREM', OPS, old) end
  end
end

local function answer(status, extra) return { status, int(now), epoch, int(rev), tail, (extra or '') .. '' } end

-- finish seals what was changed: from here on the sizes are right again.
local function finish(extra)
  call('HSET', META, 'rev', int(rev), 'tail', tail, 'now', int(now), 'sizes', sizes(),
    'deadlines', call('ZCARD', DEADLINES), 'deadline', int(latest), 'holds:' .. holder, call('SCARD', HOLDS))
  return answer('done', extra)
end
