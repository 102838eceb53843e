-- assert: brings a page of the caller's clients into a history that may not know them: after a loss, or after the
-- caller was taken for dead. It joins a definition that is there; only among re-assertions the one of the later view
-- wins.
--
-- Uses     base gate sizes clients counts marks waiting
-- ARGV[5]  stamp   revision of the view that the clients come from; 0: of this history, and their marks wait here
-- ARGV[6]  all     '1' with the last page: the caller has no other clients
-- ARGV[7]  ...     client, provider, digest, registered at (ms), marks (model GS text GS ...) of each
-- Returns  done|same now epoch revision tail ''; error NOCATALOG when a digest is unknown
-- Cost     pages of 100 clients or about 2,000 models, whichever comes first
if damaged(ALL) then return broken() end
local stamp, plans, payload, last = tonumber(ARGV[5]), {}, { ARGV[6] }, tonumber(call('HGET', META, 'registered') or 0)
for i = 7, #ARGV, 5 do
  local plan = { client = ARGV[i], provider = ARGV[i + 1], digest = ARGV[i + 2], registered = ARGV[i + 3], marks = {} }
  local record = call('HGET', CLIENTS, plan.client)
  local mine, count, holders, rest, revision = true, 0, '', '', int(rev + 1)
  if record then
    local theirs
    plan.old_provider, plan.old_digest, plan.old_registered, revision, count, holders, rest = read_client(record)
    theirs = stamp_of(rest)
    mine = theirs ~= nil and stamp > theirs
  end
  plan.joins = not is_holder(holders, replica)
  if mine or plan.joins then
    if mine then
      revision = int(rev + 1)
    else
      plan.provider, plan.digest, plan.registered = plan.old_provider, plan.old_digest, plan.old_registered
    end
    local roster = call('HGET', ROSTERS, plan.digest)
    if not roster then return refuse('NOCATALOG') end
    plan.roster, plan.mine = roster, mine
    if mine and not record and (stamp == 0 or call('HEXISTS', MARKS, plan.client .. '\31') == 1) then
      plan.marks, count, plan.waited = waiting_marks(plan.client, roster) -- written in this history
    elseif mine then
      plan.old_marks = record and count or 0
      count = 0
      for model, text in string.gmatch(ARGV[i + 4], '([^\29]+)\29([^\29]*)') do
        text = mark_text(read_mark(text))
        if text ~= '' then
          plan.marks[#plan.marks + 1] = model
          plan.marks[#plan.marks + 1] = text
          count = count + 1
        end
      end
    end
    if plan.joins then holders = holders == '' and replica or holders .. ',' .. replica end
    if mine and stamp > 0 and not plan.waited then rest = stamped(rest, int(stamp)) end
    plan.record = write_client(plan.provider, plan.digest, plan.registered, revision, count, holders, rest)
    plans[#plans + 1] = plan
    last = math.max(last, tonumber(plan.registered))
    payload[#payload + 1] = plan.client .. '\29' .. plan.record .. '\29' .. (mine and int(#plan.marks / 2) or '-')
    if mine and #plan.marks > 0 then payload[#payload + 1] = table.concat(plan.marks, '\29') end
  end
end
if #plans == 0 and ARGV[6] ~= '1' then return answer('same') end

commit('asserted', table.concat(payload, '\29'))
for _, plan in ipairs(plans) do
  if plan.mine and (plan.old_digest ~= plan.digest or plan.old_provider ~= plan.provider) then
    local old_roster = plan.old_digest and call('HGET', ROSTERS, plan.old_digest) or ''
    if plan.old_digest ~= plan.digest then
      use_catalog(plan.digest)
      if plan.old_digest then release_catalog(plan.old_digest) end
    end
    shift(old_roster, plan.old_provider or '', -1)
    shift(plan.roster, plan.provider, 1)
  end
  if plan.waited then write_mark(plan.client .. '\31', '', 0) end
  if plan.old_marks and plan.old_marks > 0 then
    for model in string.gmatch(call('HGET', ROSTERS, plan.old_digest) or '', '\30([^\31]+)\31') do
      write_mark(plan.client .. '\31' .. model, '', 0)
    end
    write_mark(plan.client .. '\31*', '', 0)
  end
  write_marks(plan.client, plan.marks)
  call('HSET', CLIENTS, plan.client, plan.record)
  call('SADD', HOLDS, plan.client)
end
write_counts()
seal_deadlines()
call('HSET', META, 'registered', int(last))
if ARGV[6] == '1' then call('HSET', META, 'asserted:' .. replica, '1') end
return finish(ALL)
