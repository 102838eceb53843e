-- gate: lets a script pass only where there are data it understands, and gives a repeated operation its first answer.
if not epoch then return redis.error_reply('ROLLCALL EMPTY ' .. moment) end
if meta[1] ~= '1' then return redis.error_reply('ROLLCALL SCHEMA ' .. (meta[1] or '')) end
local first = call('ZSCORE', OPS, operation)
if first then
  revision_text, tail = int(tonumber(first)), operation
  return answer('done')
end
