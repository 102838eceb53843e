-- rights: looks for a command that the scripts, or the store beside them, need and the caller's ACL user may not use.
-- It goes without base, which needs such commands itself; a key that the user may not use is refused before a script.
--
-- Uses     -
-- Returns  { lacking, unknown }. lacking: the first command that the user may not use, '' when there is none. unknown:
--          why the server could not check some command, '' when it checked all, '-' where it has no check (before 7.0)
-- Cost     O(1)
local may = redis.acl_check_cmd
if not may then return { '', '-' } end
-- One full command a line, KEY for a key: Redis 8 also counts the arguments.
local needed = [[
EVAL SCRIPT 1 KEY
EVALSHA SHA 1 KEY
EXISTS KEY
HDEL KEY field
HEXISTS KEY field
HGET KEY field
HLEN KEY
HMGET KEY field
HSCAN KEY 0
HSET KEY field value
HSTRLEN KEY field
PEXPIREAT KEY 1
PING
SADD KEY member
SCARD KEY
SRANDMEMBER KEY
SREM KEY member
TIME
UNLINK KEY
XADD KEY * field value
XLEN KEY
XRANGE KEY - +
XREAD BLOCK 1 STREAMS KEY 0
XTRIM KEY MAXLEN 1
ZADD KEY 1 member
ZCARD KEY
ZCOUNT KEY 0 1
ZRANGE KEY 0 1
ZRANGEBYSCORE KEY 0 1
ZREM KEY member
ZREVRANGE KEY 0 1
ZSCORE KEY member
]]
local unknown = ''
for line in string.gmatch(needed, '[^\n]+') do
  local command = {}
  for word in string.gmatch(line, '%S+') do
    command[#command + 1] = word == 'KEY' and KEYS[1] or word
  end
  local checked, answer = pcall(may, unpack(command))
  if checked and not answer then return { command[1], '' } end
  if not checked and unknown == '' then
    unknown = command[1] .. ': ' .. tostring(type(answer) == 'table' and answer.err or answer)
  end
end
return { '', unknown }
