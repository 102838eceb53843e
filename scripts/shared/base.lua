-- base: stands before every script: the keys, the clock, the head, and how a change is made.
--
-- KEYS  meta clients catalogs rosters catalog_refs counts providers marks deadlines leases replicas holds feed ops
-- ARGV[1] operation  <deadline in server ms>-<random>: the script refuses to run later, and runs once
-- ARGV[2] replica    who calls
-- ARGV[3] actor      the person behind the call, or ''
-- ARGV[4] holder     whose set KEYS[12] is
--
-- Order: deadline (here), operation seen? (gate), then the verb: preconditions, integrity (sizes), commit (the first
-- write, one that Redis refuses when it is out of memory), state, and the head.
-- A reply that tells of a change ends with its feed entry: the nonce before it, kind and payload, unless that is long.
-- US (31) separates fields, RS (30) groups, GS (29) parts of a payload.
--
-- A script makes its functions anew with every call and pays some 0.3 us for a number printed, 0.5 us for a match or a
-- field of meta, 1 us for a command: so the parts are small, a verb names only those it needs, and what is known is
-- not asked or printed again.
local META, CLIENTS, CATALOGS, ROSTERS, CATALOG_REFS, COUNTS, PROVIDERS, MARKS, DEADLINES, LEASES, REPLICAS, HOLDS, FEED,
  OPS = unpack(KEYS)
local operation, replica, actor, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call, match, format = redis.call, string.match, string.format

local function int(number) return format('%.0f', number) end

local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local meta = call('HMGET', META, 'schema', 'epoch', 'rev', 'tail', 'now', 'deadline', 'first')
local epoch, rev, tail, latest = meta[2], tonumber(meta[3] or 0), meta[4], tonumber(meta[6] or 0)
-- A clock that went back a little stands still; one that went back more is believed.
local before = tonumber(meta[5] or 0)
if before > now and before - now <= 5000 then now = before end
-- How now and rev are printed.
local moment, revision_text = int(now), meta[3] or '0'

local last_moment = tonumber(match(operation, '^%d+'))
if last_moment < now or last_moment > now + 90000 then return redis.error_reply('ROLLCALL CLOCK ' .. moment) end

-- unreadable ends a script that meets a record which is none: clients, marks and rosters, all of which a script reads
-- before it writes anything.
local function unreadable() error('ROLLCALL UNREADABLE ' .. moment, 0) end

-- cut takes off feed and ops what is too old, and notes how many revisions they lack. Once in a while it takes several
-- at once, which costs less than a few every time.
local function cut()
  local entries = call('XTRIM', FEED, 'MAXLEN', '~', '100000')
  if entries > 0 then call('HSET', META, 'feed', int((tonumber(call('HGET', META, 'feed') or 0) or 0) + entries)) end
  local over = {}
  for _, old in ipairs(call('ZRANGE', OPS, 0, 63)) do
    if tonumber(match(old, '^%d+')) >= now then break end
    over[#over + 1] = old
  end
  if #over > 0 then
    call('HSET', META, 'ops', int((tonumber(call('HGET', META, 'ops') or 0) or 0) + call('ZREM', OPS, unpack(over))))
  end
end

-- commit makes the next revision and tells the feed. The nonce of an entry is the operation that made it.
local told
local function commit(kind, payload)
  rev = rev + 1
  if #payload <= 4096 then told = { tail, kind, payload } end
  revision_text = int(rev)
  call('XADD', FEED, revision_text .. '-0', 'epoch', epoch, 'prev', tail, 'nonce', operation, 'time', moment,
    'replica', replica, 'actor', actor, 'kind', kind, 'payload', payload)
  tail = operation
  call('ZADD', OPS, revision_text, operation)
  if rev % 32 == 0 then cut() end
end

local function answer(status, extra)
  local reply = { status, moment, epoch, revision_text, tail, (extra or '') .. '' }
  if told then reply[7], reply[8], reply[9] = told[1], told[2], told[3] end
  return reply
end
