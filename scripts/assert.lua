-- assert: brings a page of the caller's clients into a history that may not know them: after a loss, or after the
-- caller was taken for dead. Of several views that bring a client the latest holds, in whatever order they come, except
-- where something was written in this epoch: that stays. Else the caller joins what is there. What was evicted stays
-- away.
--
-- Uses     base gate sizes clients counts marks waiting leases process
-- ARGV[5]  stamp   revision of the view that the clients come from; 0: of this history, and their marks wait here
-- ARGV[6]  all     '1' with the last page: the caller has no other clients
-- ARGV[7]  lease   ms that the caller gets where it has none: it was given up, and this came after
-- ARGV[8]  instance of the process
-- ARGV[9]  ...     client, provider, digest, registered at (ms), revision of the definition, marks (model GS text GS
--                  ...) of each
-- Returns  done|same now epoch revision tail ''; error NOCATALOG when a digest is unknown, TAKEN when another process
--          has the caller's name
-- Cost     pages of 100 clients or about 2,000 models, whichever comes first
if damaged(ALL) then return broken() end
if overtaken(ARGV[8]) then return refuse('TAKEN') end
local stamp, plans, payload, last = tonumber(ARGV[5]), {}, { ARGV[6] }, tonumber(call('HGET', META, 'registered') or 0) or 0

-- merged is what a pair's mark becomes when a later view brings its own: that holds, but for parts that were written in
-- this epoch.
local function merged(old, new)
  local quota, suspension, fence, rest = read_mark(old)
  local new_quota, new_suspension, new_fence, new_rest = read_mark(new)
  local function later(mine, theirs)
    local _, revision = read_part(mine)
    if revision and revision >= first then return mine end
    _, revision = read_part(theirs)
    return revision and string.gsub(theirs, '^(%d+\31)%d+', '%1' .. brought(revision)) or ''
  end
  quota, suspension = later(quota, new_quota), later(suspension, new_suspension)
  if new then
    if fence_revision(fence) < first then
      local _, at = read_fence(new_fence)
      fence = string.gsub(new_fence, '^(%d+\31)%d+', '%1' .. brought(at))
    end
    rest = new_rest
  end
  return mark_text(quota, suspension, fence, rest)
end

-- marks_of answers the marks of a client that is there, by model, '*' included.
local function marks_of(client, roster)
  local names, fields = pairs_of(client, roster)
  local marks = {}
  for i, text in ipairs(call('HMGET', MARKS, unpack(fields))) do marks[names[i]] = text or nil end
  return marks
end

-- plan_marks lists, as pairs of model and text, what changes of a client's marks, and all that it has then.
local function plan_marks(plan, given, roster)
  local there = plan.count > 0 and marks_of(plan.client, plan.old_roster) or {}
  local after = {}
  for model, text in string.gmatch(given, '([^\29]+)\29([^\29]*)') do after[model] = merged(there[model], text) end
  for model, text in pairs(there) do after[model] = after[model] or merged(text) end
  plan.count, plan.changes, plan.marks = 0, {}, {}
  for model, text in pairs(after) do
    if model ~= '*' and not supplies(roster, model) then text = '' end
    if text ~= (there[model] or '') then
      plan.changes[#plan.changes + 1] = model
      plan.changes[#plan.changes + 1] = text
    end
    if text ~= '' then
      plan.marks[#plan.marks + 1] = model
      plan.marks[#plan.marks + 1] = text
      plan.count = plan.count + 1
    end
  end
end

for i = 9, #ARGV, 6 do
  local plan = { client = ARGV[i], provider = ARGV[i + 1], digest = ARGV[i + 2], registered = ARGV[i + 3], count = 0 }
  local revision, holders, rest = brought(ARGV[i + 4]), '', ''
  local record = call('HGET', CLIENTS, plan.client)
  local slot = not record and call('HGET', MARKS, plan.client .. '\31')
  local evicted = is_tombstone(slot)
  local wins, defines = not evicted, true
  if record then
    local provider, digest, registered, defined
    provider, digest, registered, defined, plan.count, holders, rest = read_client(record)
    wins = stamp > stamp_of(rest)
    defines = wins and tonumber(defined) < first
      and (provider ~= plan.provider or digest ~= plan.digest or registered ~= plan.registered or defined ~= revision)
    plan.old_provider, plan.old_digest = provider, digest
    plan.old_roster = wins and read_roster(digest)
    if not defines then
      plan.provider, plan.digest, plan.registered, revision = provider, digest, registered, defined
    end
  elseif stamp == 0 then
    revision = int(rev + 1) -- of this history
  end
  plan.joins = not evicted and not is_holder(holders, replica)
  if wins or plan.joins then
    if wins then
      plan.roster = plan.digest == plan.old_digest and plan.old_roster or read_roster(plan.digest)
      if not plan.roster then return refuse('NOCATALOG') end
    end
    if not record and (stamp == 0 or slot) then
      plan.changes, plan.count, plan.waited = waiting_marks(plan.client, plan.roster) -- written in this history
      plan.marks = plan.changes
    elseif wins then
      plan_marks(plan, ARGV[i + 5], plan.roster)
    else
      plan.changes = {}
    end
    if plan.joins then holders = holders == '' and replica or holders .. ',' .. replica end
    if wins and stamp > 0 then rest = stamped(rest, stamp) end
    plan.defines = defines
    plan.record = write_client(plan.provider, plan.digest, plan.registered, revision, plan.count, holders, rest)
    plans[#plans + 1] = plan
    last = math.max(last, tonumber(plan.registered))
    if defines or #plan.changes > 0 then
      payload[#payload + 1] = plan.client .. '\29' .. plan.record .. '\29' .. int(#plan.marks / 2)
      if #plan.marks > 0 then payload[#payload + 1] = table.concat(plan.marks, '\29') end
    elseif plan.joins then
      payload[#payload + 1] = plan.client .. '\29\29-'
    end
  end
end
if #plans == 0 and ARGV[6] ~= '1' then return answer('same') end

commit('asserted', table.concat(payload, '\29'))
for _, plan in ipairs(plans) do
  if plan.defines and (plan.old_digest ~= plan.digest or plan.old_provider ~= plan.provider) then
    if plan.old_digest ~= plan.digest then
      use_catalog(plan.digest)
      if plan.old_digest then release_catalog(plan.old_digest) end
    end
    if plan.old_digest then shift(plan.old_roster, plan.old_provider, -1) end
    shift(plan.roster, plan.provider, 1)
  end
  if plan.waited then write_mark(plan.client .. '\31', '', 0) end
  write_marks(plan.client, plan.changes)
  call('HSET', CLIENTS, plan.client, plan.record)
  call('SADD', HOLDS, plan.client)
end
if #plans > 0 then call('ZADD', LEASES, 'NX', int(now + tonumber(ARGV[7])), replica) end
write_counts()
seal_deadlines()
call('HSET', META, 'registered', int(last))
if ARGV[6] == '1' then call('HSET', META, 'asserted:' .. replica, '1') end
return finish(ALL)
