-- counts: what clients add to the counts and the uses of catalogs.
--
-- Changes are gathered first and written once: a hundred clients with one list cost hardly more than one. A number that
-- cannot be read stays as it is: the writing has begun by then. Verify finds it.
local count_changes, provider_changes = {}, {}

local function shift(roster, provider, sign)
  local suffix = '\31' .. provider
  for model, copies in string.gmatch(roster, '\30([^\31]+)\31(%d+)') do
    copies = sign * copies
    count_changes[model] = (count_changes[model] or 0) + copies
    if provider ~= '' then
      local pair = model .. suffix
      provider_changes[pair] = (provider_changes[pair] or 0) + copies
    end
  end
end

-- Redis packs a hash of up to 512 short fields (128 before 7.0, and what hash-max-listpack-entries says) into a list
-- that it searches from the front: with 200 models 50 lookups then cost some 100 us, in a table 10 us. A field of more
-- than 64 bytes turns the list into a table, and it stays one after the field is gone, until Redis loads its data from
-- disk or from a primary: so it is done again now and then.
local UNPACKING = string.rep('-', 65)

local texts = {} -- numbers printed: counts of models are much the same

local function write_changes(n, changes)
  local key, fields = KEYS[n], {}
  for field, change in pairs(changes) do
    if change ~= 0 then fields[#fields + 1] = field end
  end
  if #fields == 0 then return end
  local unpacks = rev % 16 == 0 or sizes[n] == '0'
  if unpacks then call('HSET', key, UNPACKING, '') end
  for from = 1, #fields, 1000 do
    local to = math.min(from + 999, #fields)
    local old = call('HMGET', key, unpack(fields, from, to))
    local set, gone, last = {}, {}, 0
    for i = from, to do
      local field = fields[i]
      local was = tonumber(old[i - from + 1] or 0)
      local count = was and was + changes[field]
      if not count then
        -- stays
      elseif count > 0 then
        local text = texts[count]
        if not text then
          text = int(count)
          texts[count] = text
        end
        set[last + 1], set[last + 2] = field, text
        last = last + 2
      else
        gone[#gone + 1] = field
      end
    end
    if last > 0 then grow(n, call('HSET', key, unpack(set))) end
    if #gone > 0 then grow(n, -call('HDEL', key, unpack(gone))) end
  end
  if unpacks then call('HDEL', key, UNPACKING) end
end

local function write_counts()
  write_changes(6, count_changes)
  write_changes(7, provider_changes)
end

-- A catalog that nobody uses stays as '0 <revision>' until no retained feed entry can refer to it.
local function release_catalog(digest)
  local users = tonumber((match(call('HGET', CATALOG_REFS, digest) or '1', '^%d+')))
  if not users then return end
  grow(5, call('HSET', CATALOG_REFS, digest, users > 1 and int(users - 1) or '0 ' .. revision_text))
end

local function use_catalog(digest)
  local users = tonumber((match(call('HGET', CATALOG_REFS, digest) or '0', '^%d+')))
  if users then grow(5, call('HSET', CATALOG_REFS, digest, int(users + 1))) end
end
