-- leases: what is known about the replicas, and when their leases may end one.
--
-- Someone who lives renews every third of a lease and notes it as `beat`. Where more than two thirds passed since, or
-- time went back, Redis was away or its clock was set, and no lease says anything: all start anew.
local times = call('HMGET', META, 'beat', 'began')
local beat = tonumber(times[1] or 0)

local function leapt(lease) return now - beat > lease * 2 / 3 or beat > now + 5000 end

local function renew(lease)
  local ends = int(now + lease)
  if leapt(lease) then
    for _, one in ipairs(call('ZRANGE', LEASES, 0, -1)) do call('ZADD', LEASES, ends, one) end
  end
  call('ZADD', LEASES, ends, replica)
  call('HSET', META, 'beat', moment, 'now', moment)
end

-- roll says: live replicas, when the epoch began, the lease that ends first and whose it is.
local function roll()
  local first = call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')
  return call('ZCOUNT', LEASES, '(' .. moment, '+inf') .. ' ' .. (times[2] or '0') .. ' '
    .. int(tonumber(first[2] or 0)) .. ' ' .. (first[1] or '')
end
