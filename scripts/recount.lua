-- recount: computes anew, from clients, rosters and marks, all that is kept beside them: counts, provider counts, uses
-- of catalogs, numbers of marks, the holder's set, and all sizes. Only where no replica lives, since it is one long
-- step and replicas that live bring back everything by themselves. What cannot be read goes: clients, whose other marks
-- wait for their return, marks, and lists of models that nobody uses. A holder without a lease gets one that is over,
-- so that the first replica that comes ends its holds. It changes no answer, so it makes no revision.
--
-- Uses     base gate sizes clients marks waiting leases
-- ARGV[5]  wait   ms that a mark without a deadline of its own waits
-- Returns  done now epoch revision tail ''; error LIVE while a replica lives, BROKEN where a roster that is
--          used is gone or cannot be read
-- Cost     O(clients + marks + models of all catalogs)
if call('ZCOUNT', LEASES, '(' .. moment, '+inf') > 0 then return redis.error_reply('ROLLCALL LIVE ' .. moment) end

-- all reads a hash; a scan may show a field twice.
local function all(key)
  local found, cursor = {}, '0'
  repeat
    local scan = call('HSCAN', key, cursor, 'COUNT', 1000)
    cursor = scan[1]
    for i = 1, #scan[2], 2 do found[scan[2][i]] = scan[2][i + 1] end
  until cursor == '0'
  return found
end

local function add(numbers, name, n) numbers[name] = (numbers[name] or 0) + n end

local marked, uses, members, changed, held = {}, {}, {}, {}, {}
local clients, marks_there, gone, unread_marks = all(CLIENTS), all(MARKS), {}, {}
local wait = now + tonumber(ARGV[5])
for client, record in pairs(clients) do
  if not pcall(read_client, record) then
    gone[client] = {}
    clients[client] = nil
  end
end
local function unread_mark(field)
  unread_marks[#unread_marks + 1] = field
  marks_there[field] = nil
end

for field, text in pairs(marks_there) do
  local readable, client, model = pcall(pair_of, field)
  if not readable then
    unread_mark(field)
  elseif not pcall(model == '' and read_slot or read_mark, text) then
    unread_mark(field)
    if model == '' and not clients[client] then gone[client] = {} end -- it is made anew
  end
end
for field, text in pairs(marks_there) do
  local client, model = pair_of(field)
  local waits = gone[client]
  if model ~= '' and waits then
    waits[#waits + 1] = model
    waits[#waits + 1] = waits_until(text, wait)
  elseif model ~= '' then
    add(marked, client, 1)
  end
end
for client, record in pairs(clients) do
  local provider, digest, registered, revision, marks, holders, rest = read_client(record)
  add(uses, digest, 1)
  add(members, digest .. '\31' .. provider, 1)
  if marks ~= (marked[client] or 0) then
    changed[client] = write_client(provider, digest, registered, revision, marked[client] or 0, holders, rest)
  end
  if is_holder(holders, holder) then held[#held + 1] = client end
end
local rosters, counts, providers, refs = all(ROSTERS), {}, {}, all(CATALOG_REFS)
for group, clients in pairs(members) do
  local digest, provider = match(group, '^([^\31]*)\31(.*)$')
  if not is_roster(rosters[digest] or '') then return broken() end
  for model, copies in string.gmatch(rosters[digest], '\30([^\31]+)\31(%d+)') do
    add(counts, model, copies * clients)
    if provider ~= '' then add(providers, model .. '\31' .. provider, copies * clients) end
  end
end
local used, unread_rosters = {}, {}
for digest, roster in pairs(rosters) do
  if is_roster(roster) then
    local unused = match(refs[digest] or '', '^0 %d+$') or '0 ' .. revision_text
    used[digest] = uses[digest] or unused
  else
    unread_rosters[#unread_rosters + 1] = digest
  end
end

-- put writes fields of a hash, in pieces that unpack can take.
local function put(key, fields)
  local list = {}
  for field, value in pairs(fields) do
    list[#list + 1] = field
    list[#list + 1] = type(value) == 'number' and int(value) or value
    if #list == 2000 then
      call('HSET', key, unpack(list))
      list = {}
    end
  end
  if #list > 0 then call('HSET', key, unpack(list)) end
end

call('HSET', META, 'now', moment) -- refused when out of memory, before anything is removed
call('UNLINK', COUNTS, PROVIDERS, CATALOG_REFS, HOLDS)
for _, field in ipairs(unread_marks) do write_mark(field, '', 0) end
for client, waits in pairs(gone) do
  call('HDEL', CLIENTS, client)
  keep_waiting(client, waits)
end
for _, digest in ipairs(unread_rosters) do
  call('HDEL', CATALOGS, digest)
  call('HDEL', ROSTERS, digest)
end
seal_deadlines()
put(CLIENTS, changed)
put(COUNTS, counts)
put(PROVIDERS, providers)
put(CATALOG_REFS, used)
for from = 1, #held, 1000 do call('SADD', HOLDS, unpack(held, from, math.min(from + 999, #held))) end
if #held > 0 then call('ZADD', LEASES, 'NX', int(math.min(beat, now)), holder) end
local done = finish(ALL)
if #held == 0 and call('HEXISTS', REPLICAS, holder) == 0 then call('HDEL', META, 'holds:' .. holder) end
return done
