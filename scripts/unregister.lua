-- unregister: gives up the calling replica's hold on a client; with the last hold the client goes, its marks with it.
--
-- Uses     base gate sizes clients counts marks process
-- ARGV[5]  client
-- ARGV[6]  seen epoch    '' for any
-- ARGV[7]  instance      of the process
-- Returns  done|same now epoch revision tail ''; same when this replica does not hold the client; error TAKEN when
--          another process has the caller's name, EPOCH when the caller has seen another: its clients, and those of
--          others, may not be back yet
-- Cost     O(1) while others hold the client, else O(its models)
local client = ARGV[5]
if overtaken(ARGV[7]) then return refuse('TAKEN') end
if ARGV[6] ~= '' and ARGV[6] ~= epoch then return refuse('EPOCH') end
local record = call('HGET', CLIENTS, client)
if not record then
  if damaged({ 2 }) then return broken() end -- clients
  return answer('same')
end
local provider, digest, registered, revision, marks, holders, rest = read_client(record)
if not is_holder(holders, replica) then return answer('same') end

holders = without_holder(holders, replica)
if holders ~= '' then
  record = write_client(provider, digest, registered, revision, marks, holders, rest)
  if lost({ 2, 12 }) then return broken() end -- clients holds
  commit('released', replica .. '\29' .. client .. '\29held')
  call('HSET', CLIENTS, client, record)
  grow(12, -call('SREM', HOLDS, client))
  return moved()
end

local roster = read_roster(digest)
if not roster or lost({ 2, 3, 4, 5, 6, 7, 8, 9, 12 }) then return broken() end -- clients to deadlines, holds
commit('gone', client)
grow(2, -call('HDEL', CLIENTS, client))
grow(12, -call('SREM', HOLDS, client))
release_catalog(digest)
shift(roster, provider, -1)
write_counts()
if marks > 0 then
  local _, fields = pairs_of(client, roster)
  grow(8, -call('HDEL', MARKS, unpack(fields)))
  local removed = call('ZREM', DEADLINES, unpack(fields))
  grow(9, -removed)
  unsettled = removed > 0
  seal_deadlines()
end
return moved()
