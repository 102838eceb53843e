-- unregister: gives up the calling replica's hold on a client; with the last hold the client goes, its marks with it.
--
-- Uses     base gate clients marks
-- ARGV[5]  client
-- ARGV[6]  seen epoch    '' for any
-- Returns  done|same now epoch revision tail ''; same when this replica does not hold the client; error EPOCH when the
--          caller has seen another: its clients, and those of others, may not be back yet
-- Cost     O(1) while others hold the client, else O(its models)
local client = ARGV[5]
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
  if damaged({ 2, 12, 13, 14 }) then return broken() end -- clients holds feed ops
  commit('released', replica .. '\29' .. client .. '\29held')
  call('HSET', CLIENTS, client, record)
  call('SREM', HOLDS, client)
  return finish({ 12, 13, 14 })
end

if damaged(ALL) then return broken() end
commit('gone', client)
local roster = call('HGET', ROSTERS, digest)
call('HDEL', CLIENTS, client)
call('SREM', HOLDS, client)
release_catalog(digest)
shift(roster, provider, -1)
write_counts()
if marks > 0 then
  local fields = { client .. '\31*' }
  for model in string.gmatch(roster, '\30([^\31]+)\31') do fields[#fields + 1] = client .. '\31' .. model end
  call('HDEL', MARKS, unpack(fields))
  call('ZREM', DEADLINES, unpack(fields))
  seal_deadlines()
end
return finish(ALL)
