-- quota: puts a client's model over quota until a deadline.
--
-- Uses     base gate sizes clients marks pairs
-- ARGV[5]  client
-- ARGV[6]  model     '*': the client as a whole
-- ARGV[7]  until     ms
-- ARGV[8]  window    ms from now, used where until is 0
-- ARGV[9]  longest   ms from now beyond which a deadline is capped
-- ARGV[10] source    heuristic, retry_after, provider_reset or operator, weakest first
-- ARGV[11] reason
-- ARGV[12] seen epoch     of the view when the request began that hit the limit; '' for not known
-- ARGV[13] seen revision
-- Returns  done|same now epoch revision tail ''; same when the deadline is over, or a fence is newer than what was
--          seen; error NOTREGISTERED
-- Cost     O(1), apart from one search through the client's roster
local client, model, source, reason = ARGV[5], ARGV[6], ARGV[10], ARGV[11]
local record = client_of(client, model)
if not record then return refuse('NOTREGISTERED') end

local till = tonumber(ARGV[7])
if till == 0 then till = now + tonumber(ARGV[8]) end
till = math.min(till, now + tonumber(ARGV[9]))
if till <= now then return answer('same') end

local text = call('HGET', MARKS, client .. '\31' .. model)
local quota, suspension, fence, rest = read_mark(text)
if ARGV[12] ~= '' and fence_revision(fence) > (ARGV[12] == epoch and tonumber(ARGV[13]) or 0) then return answer('same') end
local since = moment
if quota ~= '' and not part_is_over(quota) then
  local old_till, _, old_since, old_source, _, by = read_part(quota)
  since = int(old_since)
  local old_rank, new_rank = rank(old_source, by), rank(source, actor)
  if new_rank < old_rank or (new_rank == old_rank and till <= old_till) then
    -- What is weaker, or ends no later, changes nothing but is news: an older success must not clear the mark. Who set
    -- the deadline that stays, and why, stays with it.
    local before, after = match(quota, '^(%d+\31)%d+(.*)$')
    quota, till = before .. int(rev + 1) .. after, nil
  end
end
if till then quota = write_part(till, since, source, reason) end
return change_mark(client, model, record, text or '', mark_text(quota, suspension, fence, rest))
