-- clients: a client's record, and the roster that it refers to.
--
-- record  provider US digest US registered-at US revision US marks US holders [US stamp [US what a newer version
--         added]]
-- stamp   the latest view that a client was re-asserted from in this epoch, by its revision
-- roster  (RS model US copies)+
--
-- A number has up to 15 digits, which Lua holds exactly. No record has a GS: payloads could not carry it.
local function read_client(record)
  local provider, digest, registered, revision, marks, holders, rest =
    match(record, '^([^\31]*)\31([^\31]*)\31(%d+)\31(%d+)\31(%d+)\31([^\31]*)(.*)$')
  if not provider or #registered > 15 or #revision > 15 or #marks > 15 or string.find(record, '\29', 1, true) then
    unreadable()
  end
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
local first = tonumber(meta[7] or 0)

-- brought is a revision of a lost history. A view may have been ahead of the one that began the epoch.
local function brought(revision) return int(math.max(0, math.min(tonumber(revision), first - 1))) end

-- seen_up_to is the revision up to which a caller knows this history. One that waited for Redis may have seen another,
-- and knows what was brought from there.
local function seen_up_to(of_epoch, revision, late)
  if of_epoch == epoch then return tonumber(revision) end
  return late and tonumber(brought(revision)) or 0
end

local function is_holder(holders, who)
  return holders == who or string.find(',' .. holders .. ',', ',' .. who .. ',', 1, true) ~= nil
end

local function without_holder(holders, who)
  local left = {}
  for one in string.gmatch(holders, '[^,]+') do
    if one ~= who then left[#left + 1] = one end
  end
  return table.concat(left, ',')
end

local function is_roster(text)
  return text ~= '' and string.gsub(text, '\30[^\29-\31]+\31%d' .. string.rep('%d?', 14), '') == ''
end

-- read_roster answers a list of models; nil where there is none.
local function read_roster(digest)
  local roster = call('HGET', ROSTERS, digest)
  if roster and not is_roster(roster) then unreadable() end
  return roster or nil
end

local function supplies(roster, model) return string.find(roster, '\30' .. model .. '\31', 1, true) ~= nil end
