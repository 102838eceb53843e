-- leases: what is known about the replicas, and when their leases may end one.
--
-- Someone who lives renews every third of a lease and notes it as `beat`. Where more than two thirds passed since, or
-- time went back, Redis was away or its clock was set, and no lease says anything: all start anew.
local beat = tonumber(meta[21] or 0)

local function leapt(lease) return now - beat > lease * 2 / 3 or beat > now + 5000 end

local function renew(lease)
  if leapt(lease) then
    for _, one in ipairs(call('ZRANGE', LEASES, 0, -1)) do call('ZADD', LEASES, int(now + lease), one) end
  end
  call('ZADD', LEASES, int(now + lease), replica)
  call('HSET', META, 'beat', int(now), 'now', int(now))
end

-- roll says: live replicas, when the epoch began, the lease that ends first and whose it is.
local function roll()
  local first = call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')
  return call('ZCOUNT', LEASES, '(' .. int(now), '+inf') .. ' ' .. (meta[20] or '0') .. ' '
    .. int(tonumber(first[2] or 0)) .. ' ' .. (first[1] or '')
end
