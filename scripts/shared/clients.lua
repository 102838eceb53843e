-- clients: a client's record, and the roster that it refers to.
--
-- record  provider US digest US registered-at US revision US marks US holders [US stamp [US what a newer version
--         added]]
-- stamp   the revision of the view that a client was re-asserted from, until something is written to the client
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

-- stamped is the rest of a record with another stamp, '' for none.
local function stamped(rest, stamp)
  local more = match(rest or '', '^\31[^\31]*(.*)$') or ''
  return stamp .. more == '' and '' or '\31' .. stamp .. more
end

-- unstamped is the rest of a record that something is written to.
local function unstamped(rest) return stamped(rest, '') end

local function stamp_of(rest) return tonumber((match(rest or '', '^\31(%d+)'))) end

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

local function supplies(roster, model) return string.find(roster, '\30' .. model .. '\31', 1, true) ~= nil end
