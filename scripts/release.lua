-- release: gives up a page of a replica's holds, or one; clients that go leave their marks waiting for their return.
--
-- Uses     base gate sizes clients counts marks waiting leases process
-- ARGV[5]  wait          ms that a mark without a deadline of its own waits
-- ARGV[6]  overdue       the caller's own lease in ms: only if the holder's lease is over; '0' in any case
-- ARGV[7]  client        the one to give up; '' for all, and then the holder itself goes with the last
-- ARGV[8]  seen epoch    '' for any
-- ARGV[9]  instance      of the process, where the holder is the caller; '' where it is another replica
-- Returns  done|same now epoch revision tail <holds left>; with none left of all, the holder's lease and record are
--          gone; same when there was nothing to give up, or the lease is not over; error TAKEN when another process
--          has the caller's name, EPOCH when the caller has seen another: its clients, and those of others, may not
--          be back yet
-- Cost     pages of 100 clients or about 2,000 models, whichever comes first
local wait = now + tonumber(ARGV[5])
local lease = tonumber(call('ZSCORE', LEASES, holder) or 0)
local one = ARGV[7] ~= '' and ARGV[7]
if ARGV[8] ~= '' and ARGV[8] ~= epoch then return refuse('EPOCH') end
if damaged(ALL) then return broken() end
if ARGV[9] ~= '' and overtaken(ARGV[9]) then return refuse('TAKEN') end
local own = tonumber(ARGV[6])
if own > 0 and (lease > now or leapt(own)) then return answer('same', '0') end

local budget, payload, writes, drops, touched = 2000, { holder }, {}, {}, {}
local rosters, held = {}, one and { one } or call('SRANDMEMBER', HOLDS, 100)
for _, client in ipairs(held) do
  if budget <= 0 then break end
  local record = call('HGET', CLIENTS, client)
  if one and not (record and is_holder(select(6, read_client(record)), holder)) then return answer('same', '0') end
  touched[#touched + 1] = client
  if record then
    local provider, digest, registered, revision, marks, holders, rest = read_client(record)
    holders = without_holder(holders, holder)
    if holders ~= '' then
      writes[#writes + 1] = client
      writes[#writes + 1] = write_client(provider, digest, registered, revision, marks, holders, rest)
      payload[#payload + 1] = client .. '\29held'
    else
      local roster = rosters[digest] or read_roster(digest)
      if not roster then return broken() end
      rosters[digest] = roster
      shift(roster, provider, -1)
      local _, models = string.gsub(roster, '\30', '')
      budget = budget - models
      local waiting = {}
      if marks > 0 then
        local names, fields = pairs_of(client, roster)
        for i, text in ipairs(call('HMGET', MARKS, unpack(fields))) do
          if text then
            waiting[#waiting + 1] = names[i]
            waiting[#waiting + 1] = waits_until(text, wait)
          end
        end
      end
      drops[#drops + 1] = { client = client, digest = digest, waiting = waiting }
      payload[#payload + 1] = client .. '\29gone'
    end
  end
end

local left = call('SCARD', HOLDS) - #touched
if #payload > 1 then
  commit('released', table.concat(payload, '\29'))
elseif #touched == 0 and lease == 0 and call('HEXISTS', REPLICAS, holder) == 0 then
  return answer('same', '0')
end
if #writes > 0 then call('HSET', CLIENTS, unpack(writes)) end
for _, drop in ipairs(drops) do
  call('HDEL', CLIENTS, drop.client)
  release_catalog(drop.digest)
  keep_waiting(drop.client, drop.waiting)
end
write_counts()
seal_deadlines()
if #touched > 0 then call('SREM', HOLDS, unpack(touched)) end
if left == 0 and not one then
  call('ZREM', LEASES, holder)
  call('HDEL', REPLICAS, holder)
end
local done = finish(ALL, int(left))
if left == 0 and not one then call('HDEL', META, 'holds:' .. holder) end
return done
