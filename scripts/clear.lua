-- clear: ends a quota mark that the caller had seen.
--
-- Uses     base gate clients marks
-- ARGV[5]  client
-- ARGV[6]  model
-- ARGV[7]  seen epoch
-- ARGV[8]  seen revision   a newer mark stays
-- Returns  done|same now epoch revision tail ''; same when there is no such mark, it is newer, or an operator's
-- Cost     O(1), apart from one search through the client's roster
return lift(ARGV[5], ARGV[6], 'quota', ARGV[7] == epoch and tonumber(ARGV[8]) or 0)
