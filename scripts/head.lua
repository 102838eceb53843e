-- head: where the feed ends, with the server's clock. It writes nothing.
--
-- Uses     base gate sizes leases
-- Returns  done now epoch revision tail '<live replicas> <epoch began, ms> <first lease to end, ms> <its replica>'
-- Cost     O(1)
if damaged(ALL) then return broken() end
return answer('done', roll())
