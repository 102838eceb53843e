-- pairs: how a verb changes the mark of one pair of client and model.
local function write_part(till, since, source, reason)
  return int(till) .. '\31' .. int(rev + 1) .. '\31' .. since .. '\31' .. source .. '\31' .. replica .. '\31' .. actor
    .. '\31' .. reason
end

-- client_of answers the record of a client that supplies the model, else nil.
local function client_of(client, model)
  local record = call('HGET', CLIENTS, client)
  if not record then return nil end
  if model ~= '*' then
    local digest = match(record, '^[^\31]*\31([^\31]*)')
    if not supplies(call('HGET', ROSTERS, digest) or '', model) then return nil end
  end
  return record
end

-- change_mark makes a pair's new text known and keeps the number of marks in the client's record right.
local function change_mark(client, model, record, old, new, deadline)
  if lost({ 8, 9 }) then return broken() end -- marks deadlines
  commit('mark', client .. '\29' .. model .. '\29' .. new)
  write_mark(client .. '\31' .. model, new, deadline)
  seal_deadlines()
  if (old == '') ~= (new == '') then
    local definition, marks, rest = match(record, '^([^\31]*\31[^\31]*\31%d+\31%d+\31)(%d+)(.*)$')
    call('HSET', CLIENTS, client, definition .. int(marks + (old == '' and 1 or -1)) .. rest)
  end
  return moved()
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
