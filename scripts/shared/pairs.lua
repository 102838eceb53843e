-- pairs: how a verb changes the mark of one pair of client and model.
local function write_part(till, since, source, reason)
  return int(till) .. '\31' .. int(rev + 1) .. '\31' .. since .. '\31' .. source .. '\31' .. replica .. '\31' .. actor
    .. '\31' .. reason
end

-- client_of answers the record of a client that supplies the model, else nil.
local function client_of(client, model)
  local record = call('HGET', CLIENTS, client)
  if not record then return nil end
  read_client(record) -- or it cannot be read
  if model ~= '*' then
    local digest = match(record, '^[^\31]*\31([^\31]*)')
    local roster = call('HGET', ROSTERS, digest)
    if not roster or not supplies(roster, model) then
      read_roster(digest) -- or that is because it cannot be read
      return nil
    end
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

-- rank orders what says something of a pair: what a person set gives way to a person only.
local RANKS = { heuristic = 1, retry_after = 2, provider_reset = 3, operator = 4 }
local function rank(source, by) return by ~= '' and 5 or RANKS[source] or 0 end

local FENCE = 900000 -- ms that a fence stands

-- lift takes a part off a mark: without an actor only one that no operator set. seen is the revision up to which the
-- caller knows the pair, nil where it means whatever is there. own: what the caller itself set goes, too, since that
-- was before. With an actor a fence stays behind, where the caller looked.
local function lift(client, model, which, seen, own)
  local record, text = client_of(client, model), call('HGET', MARKS, client .. '\31' .. model)
  if not record or (not text and actor == '') then
    if damaged({ 2, 4, 8 }) then return broken() end -- clients rosters marks
    return answer('same')
  end
  local quota, suspension, fence, rest = read_mark(text)
  local part = which == 'quota' and quota or suspension
  local _, revision, _, _, setter, by = read_part(part)
  local goes = revision and (actor ~= '' or by == '') and (not seen or revision <= seen or (own and setter == replica))
  if goes and which == 'quota' then quota = '' elseif goes then suspension = '' end
  if actor ~= '' then
    local at = math.max(fence_revision(fence), math.min(seen or rev + 1, rev + 1))
    fence = int(now + FENCE) .. '\31' .. int(at)
  elseif not goes then
    return answer('same')
  end
  return change_mark(client, model, record, text or '', mark_text(quota, suspension, fence, rest))
end

-- lift_as reads what clear and resume are given from an argument on: seen epoch, seen revision, late.
local function lift_as(which, client, model, of_epoch, revision, late)
  if of_epoch == '' and actor ~= '' and not late then return lift(client, model, which, nil, false) end
  return lift(client, model, which, seen_up_to(of_epoch, revision, late), late)
end
