-- offer: puts catalogs there that a re-assertion is going to refer to. It changes no answer, so it makes no revision.
--
-- Uses     base gate sizes
-- ARGV[5]  ...   digest, roster, catalog (JSON) of each
-- Returns  done|same now epoch revision tail ''; same when all were there
-- Cost     O(bytes given)
local new = {}
for i = 5, #ARGV, 3 do
  if call('HEXISTS', ROSTERS, ARGV[i]) == 0 then new[#new + 1] = i end
end
if #new == 0 then return answer('same') end
if damaged({ 3, 4, 5 }) then return broken() end -- catalogs rosters catalog_refs
for _, i in ipairs(new) do
  call('HSET', CATALOGS, ARGV[i], ARGV[i + 2])
  call('HSET', ROSTERS, ARGV[i], ARGV[i + 1])
  call('HSET', CATALOG_REFS, ARGV[i], '0 ' .. int(rev))
end
return finish({ 3, 4, 5 })
