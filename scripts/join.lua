-- join: makes a replica known and starts its lease.
--
-- Uses     base gate sizes leases
-- ARGV[5]  lease      ms
-- ARGV[6]  instance   of the process
-- ARGV[7]  record     host, pid, version, started, as JSON
-- ARGV[8]  seen       a lease in ms that another process had under this name and did not renew since; '0' for none
-- Returns  done|same now epoch revision tail <as head>; same, with '<its lease, ms> <its record>', when another process
--          lives under this name
-- Cost     O(1), once O(holds) where the set of an earlier history is still there
if damaged(ALL) then return broken() end
local known = call('HGET', REPLICAS, replica)
local lease = tonumber(call('ZSCORE', LEASES, replica) or 0)
if known and match(known, '^[^ ]*') ~= ARGV[6] and lease > now and lease ~= tonumber(ARGV[8]) then
  return answer('same', int(lease) .. ' ' .. match(known, '^[^ ]* ?(.*)$'))
end
call('HSET', REPLICAS, replica, ARGV[6] .. ' ' .. ARGV[7])
if not sizes[12] then call('UNLINK', HOLDS) end
renew(tonumber(ARGV[5]))
return finish({ 10, 11, 12 }, roll())
