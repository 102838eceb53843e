-- sweep: removes catalogs that no client uses and no retained feed entry can refer to. It makes no revision.
--
-- Uses     base gate sizes
-- ARGV[5]  cursor    '0' at the start
-- Returns  done|same now epoch revision tail <next cursor>; '0' at the end
-- Cost     O(100 catalogs)
if damaged({ 3, 4, 5, 13 }) then return broken() end -- catalogs rosters catalog_refs feed
local oldest = call('XRANGE', FEED, '-', '+', 'COUNT', 1)
local first_kept = oldest[1] and tonumber(match(oldest[1][1], '^%d+')) or 0
local scan = call('HSCAN', CATALOG_REFS, ARGV[5], 'COUNT', 100)
local gone = {}
for i = 1, #scan[2], 2 do
  local unused_since = tonumber((match(scan[2][i + 1], '^0 (%d+)$')))
  if unused_since and unused_since < first_kept then gone[#gone + 1] = scan[2][i] end
end
if #gone == 0 then return answer('same', scan[1]) end
call('HDEL', CATALOGS, unpack(gone))
call('HDEL', ROSTERS, unpack(gone))
call('HDEL', CATALOG_REFS, unpack(gone))
return finish({ 3, 4, 5 }, scan[1])
