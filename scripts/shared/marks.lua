-- marks: a pair's record in `marks`, and its place in `deadlines`.
--
-- field   client US model
-- record  quota RS suspension RS fence [RS what a newer version added]; a group that is not there is empty
-- quota, suspension  until US revision US since US source US setter US actor US reason   (until 0: no deadline)
-- fence   until US revision
-- slot    the field `client US` (no model) keeps, for a client that went but may return, which models have marks that
--         wait for it: RS until RS model US model US ...
local function read_mark(record)
  if not record then return '', '', '', '' end
  return match(record, '^([^\30]*)\30([^\30]*)\30([^\30]*)(.*)$')
end

local function read_part(part)
  if part == '' then return nil end
  local till, revision, since, source, setter, by =
    match(part, '^(%d+)\31(%d+)\31(%d+)\31([^\31]*)\31([^\31]*)\31([^\31]*)\31')
  return tonumber(till), tonumber(revision), tonumber(since), source, setter, by
end

local function write_part(till, since, source, reason)
  return int(till) .. '\31' .. int(rev + 1) .. '\31' .. int(since) .. '\31' .. source .. '\31' .. replica .. '\31' .. actor
    .. '\31' .. reason
end

-- unless_seen drops a part that was set up to a revision, unless an operator set it. A caller whose write waited for
-- Redis is late: what it had set itself was before.
local function unless_seen(part, seen, late)
  local _, revision, _, _, setter, by = read_part(part)
  local before = revision and (revision <= seen or (late and setter == replica))
  return before and by == '' and '' or part
end

local function part_is_over(part)
  local till = tonumber(match(part, '^(%d+)'))
  return till ~= 0 and till <= now
end

-- mark_text joins a record without the parts that are over; '' means that nothing is left of it.
local function mark_text(quota, suspension, fence, rest)
  if quota ~= '' and part_is_over(quota) then quota = '' end
  if suspension ~= '' and part_is_over(suspension) then suspension = '' end
  if fence ~= '' and part_is_over(fence) then fence = '' end
  if quota == '' and suspension == '' and fence == '' then return '' end
  return quota .. '\30' .. suspension .. '\30' .. fence .. rest
end

-- mark_deadline is when the last part with a deadline ends, 0 when none has one.
local function mark_deadline(text)
  local deadline = 0
  local quota, suspension, fence = read_mark(text)
  for _, part in ipairs({ quota, suspension, fence }) do
    deadline = math.max(deadline, tonumber(match(part, '^(%d+)') or 0))
  end
  return deadline
end

-- write_mark stores what mark_text made, with deadline as its place in `deadlines` (0: none).
local function write_mark(field, text, deadline)
  if text == '' then
    call('HDEL', MARKS, field)
  else
    call('HSET', MARKS, field, text)
  end
  if text ~= '' and deadline > 0 then
    call('ZADD', DEADLINES, int(deadline), field)
  else
    call('ZREM', DEADLINES, field)
  end
end

-- seal_deadlines gives the key the lifetime of its latest deadline. Where the key had gone by itself, records of marks
-- may be left that are in no index any more: tidy has to look for them.
local function seal_deadlines()
  if latest > 0 and latest <= now then call('HSET', META, 'untidy', '1') end
  local last = call('ZREVRANGE', DEADLINES, 0, 0, 'WITHSCORES')
  local last_deadline = tonumber(last[2] or 0)
  if last_deadline > 0 and (last_deadline ~= latest or latest <= now) then
    call('PEXPIREAT', DEADLINES, int(last_deadline))
  end
  latest = last_deadline
end

-- change_mark makes a pair's new text known and keeps the number of marks in the client's record right.
local function change_mark(client, model, record, old, new)
  local field = client .. '\31' .. model
  if damaged({ 2, 8, 9, 13, 14 }) then return broken() end -- clients marks deadlines feed ops
  commit('mark', client .. '\29' .. model .. '\29' .. new)
  write_mark(field, new, mark_deadline(new))
  seal_deadlines()
  local provider, digest, registered, revision, marks, holders, rest = read_client(record)
  if (old == '') ~= (new == '') then
    marks = marks + (old == '' and 1 or -1)
    call('HSET', CLIENTS, client, write_client(provider, digest, registered, revision, marks, holders, rest))
  end
  return finish({ 8, 9, 13, 14 })
end

-- client_of answers the record of a client that supplies the model, else nil.
local function client_of(client, model)
  local record = call('HGET', CLIENTS, client)
  if not record then return nil end
  local _, digest = read_client(record)
  if model ~= '*' and not supplies(call('HGET', ROSTERS, digest) or '', model) then return nil end
  return record
end

-- lift takes a part off a mark: without an actor only one that the caller had seen and that no operator set. A late
-- one, which waited for Redis, also takes what the caller itself had set: that was before.
local function lift(client, model, which, seen, late)
  local record, text = client_of(client, model), call('HGET', MARKS, client .. '\31' .. model)
  if not record or not text then
    if damaged({ 2, 4, 8 }) then return broken() end -- clients rosters marks
    return answer('same')
  end
  local quota, suspension, fence, rest = read_mark(text)
  local part = which == 'quota' and quota or suspension
  if part == '' then return answer('same') end
  local _, revision, _, _, setter, by = read_part(part)
  if late and setter == replica then seen = revision end
  if actor == '' and (revision > seen or by ~= '') then return answer('same') end
  if which == 'quota' then quota = '' else suspension = '' end
  return change_mark(client, model, record, text, mark_text(quota, suspension, fence, rest))
end

-- waiting_marks lists, as pairs of model and text, the marks that waited for a client that returns with a roster.
-- '' stands for one that goes. It also returns how many stay, and whether any waited.
local function waiting_marks(client, roster)
  local slot = call('HGET', MARKS, client .. '\31')
  if not slot then return {}, 0, false end
  local changes, kept = {}, 0
  for model in string.gmatch(match(slot, '^[^\30]*\30[^\30]*\30?(.*)$'), '[^\31]+') do
    local field = client .. '\31' .. model
    local text = mark_text(read_mark(call('HGET', MARKS, field)))
    local ends = tonumber(call('ZSCORE', DEADLINES, field) or 0)
    if ends <= now or (model ~= '*' and not supplies(roster, model)) then text = '' end
    if text ~= '' then kept = kept + 1 end
    changes[#changes + 1] = model
    changes[#changes + 1] = text
  end
  return changes, kept, true
end

local function write_marks(client, changes)
  for i = 1, #changes, 2 do write_mark(client .. '\31' .. changes[i], changes[i + 1], mark_deadline(changes[i + 1])) end
end
