-- evict: removes a client for everybody, its marks with it, those that wait included, and leaves a tombstone: while it
-- stands only a registration brings the client back.
--
-- Beside the usual KEYS it takes the sets of the replicas that hold the client, KEYS[15] that of ARGV[7] and so on: a
-- script may use no key that it was not given.
--
-- Uses     base gate sizes clients counts marks
-- ARGV[5]  client
-- ARGV[6]  stands    ms that the tombstone stands
-- ARGV[7]  ...       the replicas whose sets are given
-- Returns  done|same now epoch revision tail <holders>; same, with all its holders and commas between, when the set of
--          one was not given: to be called again; same with '' when it is gone and has a tombstone
-- Cost     O(its models and holders)
local client, slot = ARGV[5], ARGV[5] .. '\31'
if damaged(ALL) then return broken() end
local record, waiting = call('HGET', CLIENTS, client), call('HGET', MARKS, slot)
if is_tombstone(waiting) then return answer('same') end

local given, there, fields, roster = {}, {}, {}, nil
for i = 7, #ARGV do given[ARGV[i]] = KEYS[8 + i] end
local provider, digest, registered, revision, marks, holders
if record then
  provider, digest, registered, revision, marks, holders = read_client(record)
  for one in string.gmatch(holders, '[^,]+') do
    if not given[one] then return answer('same', holders) end
    there[#there + 1] = given[one]
  end
  roster = read_roster(digest)
  if not roster or (#there > 0 and call('EXISTS', unpack(there)) ~= #there) then return broken() end
  fields = select(2, pairs_of(client, roster))
elseif waiting then
  for model in string.gmatch(select(2, read_slot(waiting)), '[^\31]+') do
    fields[#fields + 1] = client .. '\31' .. model
  end
end

commit('evicted', client)
if record then
  call('HDEL', CLIENTS, client)
  for one in string.gmatch(holders, '[^,]+') do
    call('SREM', given[one], client)
    call('HSET', META, 'holds:' .. one, int(call('SCARD', given[one])))
  end
  release_catalog(digest)
  shift(roster, provider, -1)
  write_counts()
end
if #fields > 0 then
  call('HDEL', MARKS, unpack(fields))
  if call('ZREM', DEADLINES, unpack(fields)) > 0 then unsettled = true end
end
local ends = now + tonumber(ARGV[6])
write_mark(slot, revision_text .. '\30' .. int(ends) .. '\30', ends)
seal_deadlines()
return finish({ 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14 }) -- all but the caller's own set, which it may not have
