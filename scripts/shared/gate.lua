-- gate: lets a script pass only where there are data it understands, and gives a repeated operation its first answer.
if not epoch then return redis.error_reply('ROLLCALL EMPTY ' .. int(now)) end
if meta[1] ~= '1' then return redis.error_reply('ROLLCALL SCHEMA ' .. (meta[1] or '')) end
local first = call('ZSCORE', OPS, operation)
if first then
  rev, tail = tonumber(first), operation
  return answer('done')
end
