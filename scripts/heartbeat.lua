-- heartbeat: renews a lease; also a sample of the clock and of the head. It makes no revision.
--
-- Uses     base gate
-- ARGV[5]  lease     ms
-- Returns  done|same now epoch revision tail <live replicas>; same when the lease is gone and the replica must join
-- Cost     O(1)
if damaged(ALL) then return broken() end
if not call('ZSCORE', LEASES, replica) then return answer('same', '0') end
call('HSET', META, 'now', int(now))
call('ZADD', LEASES, int(now + tonumber(ARGV[5])), replica)
return answer('done', call('ZCOUNT', LEASES, '(' .. int(now), '+inf'))
