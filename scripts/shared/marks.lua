-- marks: a pair's record in `marks`, and its place in `deadlines`.
--
-- field   client US model
-- record  quota RS suspension RS fence [RS what a newer version added]; a group that is not there is empty
-- quota, suspension  until US revision US since US source US setter US actor US reason   (until 0: no deadline)
-- fence   until US revision: a person cleared the pair; a quota mark of a request that began before is refused
-- slot    the field `client US` (no model) keeps, for a client that went but may return, which models have marks that
--         wait for it: RS until RS model US model US ...
-- tombstone  stands in its place for a client that was evicted: revision RS until RS
local function read_part(part)
  if part == '' then return nil end
  local till, revision, since, source, setter, by =
    match(part, '^(%d+)\31(%d+)\31(%d+)\31([^\31]*)\31([^\31]*)\31([^\31]*)\31')
  if not till or #till > 15 or #revision > 15 or #since > 15 then unreadable() end
  return tonumber(till), tonumber(revision), tonumber(since), source, setter, by
end

-- read_fence answers until when a fence stands, and its revision; 0 and 0 where there is none.
local function read_fence(fence)
  if fence == '' then return 0, 0 end
  local till, revision = match(fence .. '\31', '^(%d+)\31(%d+)\31')
  if not till or #till > 15 or #revision > 15 then unreadable() end
  return tonumber(till), tonumber(revision)
end

-- read_mark answers the groups of a record, each of which can be read then.
local function read_mark(record)
  if not record then return '', '', '', '' end
  local quota, suspension, fence, rest = match(record, '^([^\30]*)\30([^\30]*)\30([^\30]*)(.*)$')
  if not quota or string.find(record, '\29', 1, true) then unreadable() end
  read_part(quota)
  read_part(suspension)
  read_fence(fence)
  return quota, suspension, fence, rest
end

-- read_slot answers the revision of an eviction, '' where marks wait, and which models have some, with US between.
local function read_slot(slot)
  local evicted, ends, models = match(slot, '^(%d*)\30(%d+)\30([^\29\30]*)$')
  if not ends or #evicted > 15 or #ends > 15 then unreadable() end
  return evicted, models
end

-- pair_of answers the client and the model of a field; the model of a slot is ''.
local function pair_of(field)
  local client, model = match(field, '^([^\31]*)\31(.*)$')
  if not client then unreadable() end
  return client, model
end

-- unless_seen drops a part that was set up to a revision, unless an operator set it. A caller whose write waited for
-- Redis is late: what it had set itself was before.
local function unless_seen(part, seen, late)
  local _, revision, _, _, setter, by = read_part(part)
  local before = revision and (revision <= seen or (late and setter == replica))
  return before and by == '' and '' or part
end

-- pairs_of lists the models of a client that may have marks, '*' first, and the fields of the pairs.
local function pairs_of(client, roster)
  local names, fields = { '*' }, { client .. '\31*' }
  for model in string.gmatch(roster, '\30([^\31]+)\31') do
    names[#names + 1] = model
    fields[#fields + 1] = client .. '\31' .. model
  end
  return names, fields
end

-- part_end is when a part ends: 0 for one that has no deadline, or is not there.
local function part_end(part) return part == '' and 0 or tonumber(match(part, '^%d+')) end

local function part_is_over(part)
  local till = part_end(part)
  return till ~= 0 and till <= now
end

-- fence_revision is where a fence stands; 0 where none does.
local function fence_revision(fence)
  return part_is_over(fence) and 0 or select(2, read_fence(fence))
end

-- is_tombstone says whether what stands in a client's slot keeps replicas from bringing it back.
local function is_tombstone(slot)
  local till = slot and match(slot, '^%d+\30(%d+)')
  return till and tonumber(till) > now
end

-- mark_text joins a record without the parts that are over; '' means that nothing is left of it. It also returns when
-- the last part with a deadline ends, 0 when none has one.
local function mark_text(quota, suspension, fence, rest)
  local a, b, c = part_end(quota), part_end(suspension), part_end(fence)
  if a ~= 0 and a <= now then quota, a = '', 0 end
  if b ~= 0 and b <= now then suspension, b = '', 0 end
  if c ~= 0 and c <= now then fence, c = '', 0 end
  if quota == '' and suspension == '' and fence == '' then return '', 0 end
  return quota .. '\30' .. suspension .. '\30' .. fence .. rest, math.max(a, b, c)
end

local function last_end(quota, suspension, fence)
  return math.max(part_end(quota), part_end(suspension), part_end(fence))
end

local function mark_deadline(text) return last_end(read_mark(text ~= '' and text)) end

-- What became of the latest deadline: the latest that was written, and whether another may have gone.
local furthest, unsettled = 0, false

local function write_deadline(field, deadline)
  if deadline > 0 then
    local added = call('ZADD', DEADLINES, int(deadline), field)
    grow(9, added)
    if deadline > furthest then furthest = deadline end
    if added == 0 then unsettled = true end -- it has moved
  elseif latest > 0 then
    local removed = call('ZREM', DEADLINES, field)
    grow(9, -removed)
    if removed > 0 then unsettled = true end
  end
end

-- write_mark stores what mark_text made, with deadline as its place in `deadlines` (0: none).
local function write_mark(field, text, deadline)
  if text == '' then
    grow(8, -call('HDEL', MARKS, field))
    deadline = 0
  else
    grow(8, call('HSET', MARKS, field, text))
  end
  write_deadline(field, deadline)
end

-- seal_deadlines gives the key the lifetime of its latest deadline. Where the key had gone by itself, records of marks
-- may be left that are in no index any more: tidy has to look for them.
local function seal_deadlines()
  local last = latest
  if expiring then
    call('HSET', META, 'untidy', '1')
  end
  if furthest >= last and not expiring then
    last = furthest
  elseif unsettled or expiring then
    local found = call('ZREVRANGE', DEADLINES, 0, 0, 'WITHSCORES')
    last = tonumber(found[2] or 0)
  end
  if last > 0 and (last ~= latest or unsettled or expiring) then call('PEXPIREAT', DEADLINES, int(last)) end
  latest = last
end
