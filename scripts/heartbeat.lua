-- heartbeat: renews a lease; also a sample of the clock and of the head. It makes no revision.
--
-- Uses     base gate sizes leases process
-- ARGV[5]  lease      ms
-- ARGV[6]  instance   of the process, which join noted
-- Returns  done|same now epoch revision tail <as head>; same when the lease is gone or another process has the name,
--          and the replica must join
-- Cost     O(1), O(replicas) after a leap of time
if damaged(ALL) then return broken() end
if process() ~= ARGV[6] or not call('ZSCORE', LEASES, replica) then return answer('same', roll()) end
renew(tonumber(ARGV[5]))
return answer('done', roll())
