-- join: makes a replica known and starts its lease.
--
-- Uses     base gate
-- ARGV[5]  lease     ms
-- ARGV[6]  record    host, pid, version, started, as JSON
-- Returns  done now epoch revision tail <live replicas>
-- Cost     O(1), once O(holds) where the set of an earlier history is still there
if damaged(ALL) then return broken() end
call('HSET', REPLICAS, replica, ARGV[6])
call('ZADD', LEASES, int(now + tonumber(ARGV[5])), replica)
if not meta[9] then call('UNLINK', HOLDS) end
return finish({ 10, 11, 12 }, call('ZCOUNT', LEASES, '(' .. int(now), '+inf'))
