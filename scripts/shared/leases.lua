-- leases: what is known about the replicas, and when their leases may end one.
--
-- Someone who lives renews every third of a lease and notes it as `beat`. Where more than two thirds passed since, or
-- time went back, Redis was away or its clock was set, and that time counts for no lease: each has left what it had at
-- `beat`. Replicas may have leases of different lengths, and a pause that is long to one is none to another: so the
-- time does count where it is less than two thirds of what a lease had left.
local times = call('HMGET', META, 'beat', 'began')
local beat = tonumber(times[1] or 0) or 0

local function leapt(lease) return now - beat > lease * 2 / 3 or beat > now + 5000 end

local function renew(lease)
  if beat > 0 and leapt(lease) then
    local others = call('ZRANGE', LEASES, 0, -1, 'WITHSCORES')
    for i = 1, #others, 2 do
      local left = others[i + 1] - beat
      if now < beat or now - beat > left * 2 / 3 then call('ZADD', LEASES, int(now + left), others[i]) end
    end
  end
  call('ZADD', LEASES, int(now + lease), replica)
  call('HSET', META, 'beat', moment, 'now', moment)
end

-- roll says: live replicas, when the epoch began, the lease that ends first and whose it is.
local function roll()
  local first = call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')
  return call('ZCOUNT', LEASES, '(' .. moment, '+inf') .. ' ' .. (times[2] or '0') .. ' '
    .. int(tonumber(first[2] or 0)) .. ' ' .. (first[1] or '')
end
