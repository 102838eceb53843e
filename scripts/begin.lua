-- begin: starts a new epoch on an empty namespace, if the head is still what the caller saw.
--
-- Uses     base sizes
-- ARGV[5]  expected epoch      '' for none
-- ARGV[6]  expected tail       '' for none
-- ARGV[7]  new epoch
-- ARGV[8]  revision            the caller's last one: the epoch goes on above it, so that blocked readers wake
-- ARGV[9]  reason
-- Returns  done|same now epoch revision tail ''; same, with the head that is there, when another was first
-- Cost     O(1); Redis frees what was there in the background
if meta[1] and meta[1] ~= '1' then return redis.error_reply('ROLLCALL SCHEMA ' .. meta[1]) end
if (epoch or '') ~= ARGV[5] or (tail or '') ~= ARGV[6] then
  tail = tail or ''
  epoch = epoch or ''
  return answer('same')
end
call('UNLINK', unpack(KEYS))
epoch, tail, rev, latest = ARGV[7], '', math.max(rev or 0, tonumber(ARGV[8])), 0
commit('epoch', ARGV[9])
call('HSET', META, 'schema', '1', 'epoch', epoch, 'began', moment, 'first', revision_text, 'deadline', '0')
return finish(ALL)
