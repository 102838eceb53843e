-- sizes: how many elements each key has, as the last script left it; by this a loss is noticed.
--
-- meta has the size of each key under the key's name; of feed and ops, which grow with every revision, how many
-- revisions they lack. Verbs that change little ask with one EXISTS whether a key is lost, and move the sizes by what
-- Redis says it added and removed: so a loss of single elements, which they do not see, stays to be seen by those that
-- compare everything, head and heartbeat at least once a second for every replica.
local NAMES = { 'schema', 'clients', 'catalogs', 'rosters', 'catalog_refs', 'counts', 'providers', 'marks', 'deadlines',
  'leases', 'replicas', 'holds:' .. holder, 'feed', 'ops' }
local ALL = { 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 }
local sizes      -- [n] stands for KEYS[n]; read when needed
local grown = {} -- [n]: elements that this script added to KEYS[n], less those that it removed
-- When its latest deadline is over, `deadlines` goes by itself, at a moment that Redis chooses.
local expiring = latest > 0 and latest <= now

local function size(n)
  if n == 9 or n == 10 or n == 14 then return call('ZCARD', KEYS[n]) end
  if n == 12 then return call('SCARD', KEYS[n]) end
  if n == 13 then return call('XLEN', KEYS[n]) end
  return call('HLEN', KEYS[n])
end

-- damaged says whether one of these keys (numbers of KEYS) has another size than the last script left: lost, or partly.
-- Holds of a replica that never joined are not counted.
local function damaged(keys)
  sizes = call('HMGET', META, unpack(NAMES))
  for _, n in ipairs(keys) do
    local left = tonumber(sizes[n] or 0)
    if not left then return true end
    if n >= 13 then left = rev - left end
    if not (n == 9 and latest <= now) and not (n == 12 and not sizes[12]) and size(n) ~= left then return true end
  end
  return false
end

-- lost says whether one of these keys (2 to 12) is gone that should be there, or the feed or ops. It reads the sizes
-- that move adds to.
local function lost(keys)
  local names, there = {}, { FEED, OPS }
  for i, n in ipairs(keys) do names[i] = NAMES[n] end
  local found = call('HMGET', META, unpack(names))
  sizes = {}
  for i, n in ipairs(keys) do
    local left = found[i]
    if left and not tonumber(left) then return true end
    sizes[n] = left
    if left and left ~= '0' and not (n == 9 and latest <= now) then there[#there + 1] = KEYS[n] end
  end
  return call('EXISTS', unpack(there)) ~= #there
end

local function grow(n, elements) grown[n] = (grown[n] or 0) + elements end

local function broken() return redis.error_reply('ROLLCALL BROKEN ' .. moment) end

-- refuse answers with an error code, unless the reason may be that data are missing.
local function refuse(code)
  if damaged(ALL) then return broken() end
  return redis.error_reply('ROLLCALL ' .. code .. ' ' .. moment)
end

local function head_fields()
  local fields = { 'rev', revision_text, 'tail', tail, 'now', moment }
  if latest ~= tonumber(meta[6] or 0) then
    fields[7], fields[8] = 'deadline', int(latest)
  end
  return fields
end

-- moved seals a change of a verb that asked lost before: the head, and the sizes moved by what has grown.
local function moved()
  local fields = head_fields()
  if expiring then
    fields[#fields + 1] = 'deadlines'
    fields[#fields + 1] = size(9)
    grown[9] = 0
  end
  for n, elements in pairs(grown) do
    local left = sizes[n]
    if elements ~= 0 or not left then -- a replica may have holds before it joins
      fields[#fields + 1] = NAMES[n]
      fields[#fields + 1] = left and left + elements or size(n)
    end
  end
  call('HSET', META, unpack(fields))
  return answer('done')
end

-- finish seals a change of a verb that compared these keys before: the head, and the sizes they have now.
local function finish(keys, extra)
  local fields = head_fields()
  for _, n in ipairs(keys) do
    local left = size(n)
    fields[#fields + 1] = NAMES[n]
    fields[#fields + 1] = n >= 13 and int(rev - left) or left
  end
  call('HSET', META, unpack(fields))
  return answer('done', extra)
end
