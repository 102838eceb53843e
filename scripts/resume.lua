-- resume: ends a suspension that the caller had seen.
--
-- Uses     base gate clients marks
-- ARGV[5]  client
-- ARGV[6]  model
-- ARGV[7]  seen epoch
-- ARGV[8]  seen revision   a newer suspension stays
-- Returns  done|same now epoch revision tail ''; same when there is none, it is newer, or an operator's
-- Cost     O(1), apart from one search through the client's roster
return lift(ARGV[5], ARGV[6], 'suspension', ARGV[7] == epoch and tonumber(ARGV[8]) or 0)
