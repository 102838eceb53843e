-- suspend: takes a client's model out of service, with a reason, until a deadline or until it is resumed.
--
-- Uses     base gate sizes clients marks pairs
-- ARGV[5]  client
-- ARGV[6]  model     '*': the client as a whole
-- ARGV[7]  until     ms; 0: until resumed
-- ARGV[8]  reason
-- Returns  done|same now epoch revision tail ''; same when the deadline is over, and where a suspension of this epoch
--          stands that ends no sooner, or that a person set and this one is a program's; error NOTREGISTERED
-- Cost     O(1), apart from one search through the client's roster
local client, model, till, reason = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]
local record = client_of(client, model)
if not record then return refuse('NOTREGISTERED') end
if till ~= 0 and till <= now then return answer('same') end

local text = call('HGET', MARKS, client .. '\31' .. model)
local quota, suspension, fence, rest = read_mark(text)
if suspension ~= '' and not part_is_over(suspension) then
  local old_till, old_revision, _, _, _, by = read_part(suspension)
  local old_rank, new_rank = rank('', by), rank('', actor)
  if new_rank < old_rank or (new_rank == old_rank and (old_till == 0 or (till ~= 0 and till <= old_till))) then
    if old_revision >= first then return answer('same') end
    -- It was brought into this epoch. From now on it counts as written here, so that no later view takes it back.
    local before, after = match(suspension, '^(%d+\31)%d+(.*)$')
    suspension, till = before .. int(rev + 1) .. after, nil
  end
end
if till then suspension = write_part(till, moment, '', reason) end
return change_mark(client, model, record, text or '', mark_text(quota, suspension, fence, rest))
