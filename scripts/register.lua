-- register: makes the calling replica hold a client, and sets the client's definition or joins the one that is there.
--
-- Uses     base gate sizes clients counts marks waiting process
-- ARGV[5]  client
-- ARGV[6]  provider        lower-cased, may be ''
-- ARGV[7]  digest          of the catalog
-- ARGV[8]  roster          '' with a catalog that is there already
-- ARGV[9]  catalog         JSON; '' likewise
-- ARGV[10] keep            '1': no mark is dropped
-- ARGV[11] seen epoch      '' for none
-- ARGV[12] seen revision   a holder's registration drops marks up to here
-- ARGV[13] late            '1': the registration waited for Redis; where others hold the client, too, a definition
--                          newer than seen stays, and it only joins
-- ARGV[14] lease           ms that the replica gets where it has none: it was given up, and this came after
-- ARGV[15] instance       of the process
-- Returns  done|same now epoch revision tail ''; error NOCATALOG when the digest is unknown and no catalog was given,
--          TAKEN when another process has the caller's name, EPOCH when it is not late and has seen another: its
--          clients may not be back yet
-- Cost     O(models that change), plus O(models) for a client that has marks
local client, provider, digest, roster, catalog = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local keep, late = ARGV[10] == '1', ARGV[13] == '1'
local seen = seen_up_to(ARGV[11], ARGV[12], late)

if overtaken(ARGV[15]) then return refuse('TAKEN') end
if ARGV[11] ~= '' and ARGV[11] ~= epoch and not late then return refuse('EPOCH') end
local record = call('HGET', CLIENTS, client)
local old_provider, old_digest, registered, revision, marks, holders, rest
local held = false
if record then
  old_provider, old_digest, registered, revision, marks, holders, rest = read_client(record)
  held = is_holder(holders, replica)
  if late and tonumber(revision) > seen and holders ~= replica then
    provider, digest, keep = old_provider, old_digest, true
  end
else
  marks, holders = 0, ''
end
local redefined = not record or old_provider ~= provider or old_digest ~= digest

local old_roster = ''
if redefined then
  local known = read_roster(digest)
  if known then
    roster, catalog = known, ''
  elseif catalog == '' then
    return refuse('NOCATALOG')
  end
end
if record and (redefined or marks > 0) then old_roster = read_roster(old_digest) or '' end

-- What becomes of the marks: changes holds pairs of model and new text.
local changes, waited = {}, false
if not record then
  changes, marks, waited = waiting_marks(client, roster)
elseif marks > 0 and (redefined or (held and not keep)) then
  local names, fields = pairs_of(client, old_roster)
  for i, old in ipairs(call('HMGET', MARKS, unpack(fields))) do
    if old then
      local quota, suspension, fence, more = read_mark(old)
      if redefined and names[i] ~= '*' and not supplies(roster, names[i]) then
        quota, suspension, fence = '', '', ''
      elseif held and not keep then
        quota, suspension = unless_seen(quota, seen, late), unless_seen(suspension, seen, late)
      end
      local text = mark_text(quota, suspension, fence, more)
      if text ~= old then
        changes[#changes + 1] = names[i]
        changes[#changes + 1] = text
      end
      if text == '' then marks = marks - 1 end
    end
  end
end

if not redefined and held and #changes == 0 then return answer('same') end

-- Times of registration never go back, so that the last one stays the last when the clock was set back.
if redefined then
  registered, revision = int(math.max(now, tonumber(call('HGET', META, 'registered') or 0) or 0)), int(rev + 1)
end
if not held then holders = holders == '' and replica or holders .. ',' .. replica end
record = write_client(provider, digest, registered, revision, marks, holders, rest)
local touched = { 2, 10, 12 } -- clients leases holds
if redefined then touched = { 2, 3, 4, 5, 6, 7, 10, 12 } end -- and catalogs rosters catalog_refs counts providers
if #changes > 0 or not old_digest then
  touched[#touched + 1] = 8 -- marks
  touched[#touched + 1] = 9 -- deadlines
end
if lost(touched) then return broken() end
if redefined or held then
  local payload = client .. '\29' .. record
  if #changes > 0 then payload = payload .. '\29' .. table.concat(changes, '\29') end
  commit('client', payload)
else
  commit('joined', client .. '\29' .. replica) -- the record grows with the holders, and each of them would tell it to all
end

if redefined then
  if catalog ~= '' then
    grow(3, call('HSET', CATALOGS, digest, catalog))
    grow(4, call('HSET', ROSTERS, digest, roster))
  end
  if old_digest ~= digest then
    use_catalog(digest)
    if old_digest then release_catalog(old_digest) end
  end
  if old_digest then shift(old_roster, old_provider, -1) end
  shift(roster, provider, 1)
  write_counts()
  call('HSET', META, 'registered', registered)
end
grow(2, call('HSET', CLIENTS, client, record))
grow(12, call('SADD', HOLDS, client))
if not held then grow(10, call('ZADD', LEASES, 'NX', int(now + tonumber(ARGV[14])), replica)) end
if waited then write_mark(client .. '\31', '', 0) end
if waited or #changes > 0 then
  write_marks(client, changes)
  seal_deadlines()
end
return moved()
