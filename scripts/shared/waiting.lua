-- waiting: marks of a client that went, or returns.
--
-- waiting_marks lists, as pairs of model and text, the marks that waited for a client that returns with a roster.
-- '' stands for one that goes. It also returns how many stay, and whether any waited.
local function waiting_marks(client, roster)
  local slot = call('HGET', MARKS, client .. '\31')
  if not slot then return {}, 0, false end
  local changes, kept = {}, 0
  for model in string.gmatch(select(2, read_slot(slot)), '[^\31]+') do
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

-- waits_until says how long a mark waits; wait is until when one does that has no deadline.
local function waits_until(text, wait)
  local quota, suspension, fence = read_mark(text)
  return math.max(last_end(quota, suspension, fence), match(suspension, '^0\31') and wait or 0)
end

-- keep_waiting makes marks of a client that goes wait for its return. marks are pairs of model and waits_until.
local function keep_waiting(client, marks)
  local waiting, ends = {}, 0
  for i = 1, #marks, 2 do
    write_deadline(client .. '\31' .. marks[i], marks[i + 1])
    waiting[#waiting + 1] = marks[i]
    ends = math.max(ends, marks[i + 1])
  end
  if #waiting > 0 then
    write_mark(client .. '\31', '\30' .. int(ends) .. '\30' .. table.concat(waiting, '\31'), ends)
  end
end
