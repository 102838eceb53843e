-- base: stands before every script: the keys, the clock, the head, and how a change is made.
--
-- KEYS  meta clients catalogs rosters catalog_refs counts providers marks deadlines leases replicas holds feed ops
-- ARGV[1] operation  <deadline in server ms>-<random>: the script refuses to run later, and runs once
-- ARGV[2] replica    who calls
-- ARGV[3] actor      the person behind the call, or ''
-- ARGV[4] holder     whose set KEYS[12] is
--
-- Order: deadline (here), operation seen? (gate), then the verb: preconditions, integrity (damaged), commit (the first
-- write, one that Redis refuses when it is out of memory), state, finish.
-- A reply that tells of a change ends with its feed entry: the nonce before it, kind and payload, unless that is long.
-- US (31) separates fields, RS (30) groups, GS (29) parts of a payload.
local META, CLIENTS, CATALOGS, ROSTERS, CATALOG_REFS, COUNTS, PROVIDERS, MARKS, DEADLINES, LEASES, REPLICAS, HOLDS, FEED,
  OPS = unpack(KEYS)
local operation, replica, actor, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call, match, format = redis.call, string.match, string.format

local function int(number) return format('%.0f', number) end

local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- From 6 on, meta[n + 5] is the size of KEYS[n] as the last script left it.
local meta = call('HMGET', META, 'schema', 'epoch', 'rev', 'tail', 'now', 'deadline', 'clients', 'catalogs', 'rosters',
  'catalog_refs', 'counts', 'providers', 'marks', 'deadlines', 'leases', 'replicas', 'holds:' .. holder, 'feed', 'ops',
  'began', 'beat', 'untidy', 'registered', 'first')
local epoch, rev, tail, latest = meta[2], tonumber(meta[3] or 0), meta[4], tonumber(meta[6] or 0)
-- A clock that went back a little stands still; one that went back more is believed.
local before = tonumber(meta[5] or 0)
if before > now and before - now <= 5000 then now = before end

local last_moment = tonumber(match(operation, '^%d+'))
if last_moment < now or last_moment > now + 90000 then return redis.error_reply('ROLLCALL CLOCK ' .. int(now)) end

local NAMES = { '', 'clients', 'catalogs', 'rosters', 'catalog_refs', 'counts', 'providers', 'marks', 'deadlines',
  'leases', 'replicas', 'holds:' .. holder, 'feed', 'ops' }
local COUNT = { '', 'HLEN', 'HLEN', 'HLEN', 'HLEN', 'HLEN', 'HLEN', 'HLEN', 'ZCARD', 'ZCARD', 'HLEN', 'SCARD', 'XLEN',
  'ZCARD' }
local ALL = { 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 }

local function size(n) return call(COUNT[n], KEYS[n]) end

-- damaged says whether one of these keys (numbers of KEYS) has another size than the last script left: lost, or partly.
-- `deadlines` may go by itself once its latest deadline is over; holds of a replica that never joined are not counted.
local function damaged(keys)
  for _, n in ipairs(keys) do
    if not (n == 9 and latest <= now) and not (n == 12 and not meta[17]) and size(n) ~= tonumber(meta[n + 5] or 0) then
      return true
    end
  end
  return false
end

local function broken() return redis.error_reply('ROLLCALL BROKEN ' .. int(now)) end

-- refuse answers with an error code, unless the reason may be that data are missing.
local function refuse(code)
  if damaged(ALL) then return broken() end
  return redis.error_reply('ROLLCALL ' .. code .. ' ' .. int(now))
end

-- commit makes the next revision and tells the feed. The nonce of an entry is the operation that made it.
local told
local function commit(kind, payload)
  rev = rev + 1
  if #payload <= 4096 then told = { tail, kind, payload } end
  call('XADD', FEED, 'MAXLEN', '~', '100000', int(rev) .. '-0', 'epoch', epoch, 'prev', tail, 'nonce', operation,
    'time', int(now), 'replica', replica, 'actor', actor, 'kind', kind, 'payload', payload)
  tail = operation
  call('ZADD', OPS, int(rev), operation)
  -- Two old ones leave for one that comes, so the set stays as small as the horizon allows.
  local over = {}
  for _, old in ipairs(call('ZRANGE', OPS, 0, 1)) do
    if tonumber(match(old, '^%d+')) < now then over[#over + 1] = old end
  end
  if #over > 0 then call('ZREM', OPS, unpack(over)) end
end

local function answer(status, extra)
  local reply = { status, int(now), epoch, int(rev), tail, (extra or '') .. '' }
  if told then reply[7], reply[8], reply[9] = unpack(told) end
  return reply
end

-- finish seals a change: the head, and the sizes of the keys that were changed.
local function finish(keys, extra)
  local fields = { 'rev', int(rev), 'tail', tail, 'now', int(now), 'deadline', int(latest) }
  for _, n in ipairs(keys) do
    fields[#fields + 1] = NAMES[n]
    fields[#fields + 1] = size(n)
  end
  call('HSET', META, unpack(fields))
  return answer('done', extra)
end
