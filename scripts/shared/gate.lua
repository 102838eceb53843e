-- gate: lets a script pass only where there are data it understands, and gives a repeated operation its first answer.
if not epoch then return redis.error_reply('ROLLCALL EMPTY ' .. moment) end
if meta[1] ~= '1' then return redis.error_reply('ROLLCALL SCHEMA ' .. (meta[1] or '')) end
local done_at = call('ZSCORE', OPS, operation)
if done_at then
  revision_text, tail = int(tonumber(done_at)), operation
  return answer('done')
end
