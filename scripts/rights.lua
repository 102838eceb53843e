-- rights: looks for a command that the scripts, or the store beside them, need and the caller's ACL user may not use.
-- It goes without base, which needs such commands itself; a key that the user may not use is refused before a script.
--
-- Uses     -
-- Returns  the first such command; '' when all are granted, or the server cannot tell (before Redis 7.0)
-- Cost     O(1)
local may = redis.acl_check_cmd
if not may then return '' end
-- Their first argument is a key, or none is.
local needed = 'PING EXISTS HDEL HEXISTS HGET HLEN HMGET HSCAN HSET HSTRLEN PEXPIREAT SADD SCARD SRANDMEMBER SREM TIME '
  .. 'UNLINK XADD XLEN XRANGE XTRIM ZADD ZCARD ZCOUNT ZRANGE ZRANGEBYSCORE ZREM ZREVRANGE ZSCORE'
for command in string.gmatch(needed, '%u+') do
  if not may(command, KEYS[1]) then return command end
end
if not may('EVAL', '', 1, KEYS[1]) then return 'EVAL' end
if not may('EVALSHA', '', 1, KEYS[1]) then return 'EVALSHA' end
if not may('XREAD', 'BLOCK', 1, 'STREAMS', KEYS[1], 0) then return 'XREAD' end
return ''
