-- clients: a client's record, and what it adds to the counts.
--
-- record  provider US digest US registered-at US revision US marks US holders [US stamp [US what a newer version
--         added]]
-- stamp   the latest view that a client was re-asserted from in this epoch, by its revision
-- roster  (RS model US copies)*
local function read_client(record)
  local provider, digest, registered, revision, marks, holders, rest =
    match(record, '^([^\31]*)\31([^\31]*)\31(%d+)\31(%d+)\31(%d+)\31([^\31]*)(.*)$')
  return provider, digest, registered, revision, tonumber(marks), holders, rest
end

local function write_client(provider, digest, registered, revision, marks, holders, rest)
  return provider .. '\31' .. digest .. '\31' .. registered .. '\31' .. revision .. '\31' .. int(marks) .. '\31'
    .. holders .. (rest or '')
end

local function stamped(rest, stamp) return '\31' .. int(stamp) .. (match(rest, '^\31[^\31]*(.*)$') or '') end

local function stamp_of(rest) return tonumber((match(rest, '^\31(%d+)'))) or 0 end

-- Definitions and parts of marks that were brought into this epoch have a revision below `first`, its first one; those
-- that were written in it have a higher one.
local first = tonumber(meta[24] or 0)

-- brought is a revision of a lost history. A view may have been ahead of the one that began the epoch.
local function brought(revision) return int(math.max(0, math.min(tonumber(revision), first - 1))) end

-- seen_up_to is the revision up to which a caller knows this history. One that waited for Redis may have seen another,
-- and knows what was brought from there.
local function seen_up_to(of_epoch, revision, late)
  if of_epoch == epoch then return tonumber(revision) end
  return late and tonumber(brought(revision)) or 0
end

local function is_holder(holders, who) return string.find(',' .. holders .. ',', ',' .. who .. ',', 1, true) ~= nil end

local function without_holder(holders, who)
  local left = {}
  for one in string.gmatch(holders, '[^,]+') do
    if one ~= who then left[#left + 1] = one end
  end
  return table.concat(left, ',')
end

local function supplies(roster, model) return string.find(roster, '\30' .. model .. '\31', 1, true) ~= nil end

-- Changes of counts and provider counts are gathered first and written once: a hundred clients with one list cost
-- hardly more than one.
local count_changes, provider_changes = {}, {}

local function shift(roster, provider, sign)
  for model, copies in string.gmatch(roster, '\30([^\31]+)\31(%d+)') do
    copies = sign * copies
    count_changes[model] = (count_changes[model] or 0) + copies
    if provider ~= '' then
      local pair = model .. '\31' .. provider
      provider_changes[pair] = (provider_changes[pair] or 0) + copies
    end
  end
end

local function write_changes(key, changes)
  local fields = {}
  for field, change in pairs(changes) do
    if change ~= 0 then fields[#fields + 1] = field end
  end
  for from = 1, #fields, 1000 do
    local to = math.min(from + 999, #fields)
    local old = call('HMGET', key, unpack(fields, from, to))
    local set, gone = {}, {}
    for i = from, to do
      local count = (tonumber(old[i - from + 1]) or 0) + changes[fields[i]]
      if count > 0 then
        set[#set + 1] = fields[i]
        set[#set + 1] = int(count)
      else
        gone[#gone + 1] = fields[i]
      end
    end
    if #set > 0 then call('HSET', key, unpack(set)) end
    if #gone > 0 then call('HDEL', key, unpack(gone)) end
  end
end

local function write_counts()
  write_changes(COUNTS, count_changes)
  write_changes(PROVIDERS, provider_changes)
end

-- A catalog that nobody uses stays as '0 <revision>' until no retained feed entry can refer to it.
local function release_catalog(digest)
  local users = tonumber(match(call('HGET', CATALOG_REFS, digest) or '1', '^%d+')) - 1
  call('HSET', CATALOG_REFS, digest, users > 0 and int(users) or '0 ' .. int(rev))
end

local function use_catalog(digest)
  local users = tonumber(match(call('HGET', CATALOG_REFS, digest) or '0', '^%d+')) + 1
  call('HSET', CATALOG_REFS, digest, int(users))
end
