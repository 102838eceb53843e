-- gate: lets a script pass only where the data is whole, and gives a repeated operation its first answer.
if not epoch then return redis.error_reply('ROLLCALL EMPTY ' .. int(now)) end
if meta[1] ~= '1' then return redis.error_reply('ROLLCALL SCHEMA ' .. (meta[1] or '')) end
if sizes() ~= meta[6] or (meta[9] and call('SCARD', HOLDS) ~= tonumber(meta[9]))
  or (latest > now and call('ZCARD', DEADLINES) ~= tonumber(meta[7] or 0)) then
  return redis.error_reply('ROLLCALL BROKEN ' .. int(now))
end
local first = call('ZSCORE', OPS, operation)
if first then
  rev, tail = tonumber(first), operation
  return answer('done')
end
