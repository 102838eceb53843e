-- head: where the feed ends, with the server's clock. It writes nothing.
--
-- Uses     base gate
-- Returns  done now epoch revision tail <live replicas>
-- Cost     O(1)
if damaged(ALL) then return broken() end
return answer('done', call('ZCOUNT', LEASES, '(' .. int(now), '+inf'))
