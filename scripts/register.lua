-- register: makes the calling replica hold a client, and sets the client's definition or joins the one that is there.
--
-- Uses     base gate clients marks
-- ARGV[5]  client
-- ARGV[6]  provider        lower-cased, may be ''
-- ARGV[7]  digest          of the catalog
-- ARGV[8]  roster          '' with a catalog that is there already
-- ARGV[9]  catalog         JSON; '' likewise
-- ARGV[10] keep            '1': no mark is dropped
-- ARGV[11] seen epoch
-- ARGV[12] seen revision   a holder's registration drops marks up to here
-- ARGV[13] registered at   '' for a registration; a time in ms re-asserts: joins, never changes a definition
-- Returns  done|same now epoch revision tail ''; error NOCATALOG when the digest is unknown and no catalog was given
-- Cost     O(models that change), plus O(models) for a client that has marks
local client, provider, digest, roster, catalog = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local keep, asserted = ARGV[10] == '1', ARGV[13]
local seen = ARGV[11] == epoch and tonumber(ARGV[12]) or 0

local record = call('HGET', CLIENTS, client)
local old_provider, old_digest, registered, revision, marks, holders, rest
local held = false
if record then
  old_provider, old_digest, registered, revision, marks, holders, rest = read_client(record)
  held = is_holder(holders, replica)
  if asserted ~= '' then provider, digest, keep = old_provider, old_digest, true end
else
  marks, holders = 0, ''
end
local redefined = not record or old_provider ~= provider or old_digest ~= digest

local old_roster = ''
if redefined then
  local known = call('HGET', ROSTERS, digest)
  if known then
    roster, catalog = known, ''
  elseif catalog == '' then
    return refuse('NOCATALOG')
  end
end
if record and (redefined or marks > 0) then old_roster = call('HGET', ROSTERS, old_digest) or '' end

-- What becomes of the marks: changes holds pairs of model and new text.
local slot = client .. '\31'
local waiting = not record and call('HGET', MARKS, slot)
local changes, candidates, names = {}, {}, {}
if waiting then
  names[1] = '*'
  for model in string.gmatch(match(waiting, '^[^\30]*\30[^\30]*\30?(.*)$'), '[^\31]+') do
    if model ~= '*' then names[#names + 1] = model end
  end
elseif marks > 0 and (redefined or (held and not keep)) then
  names[1] = '*'
  for model in string.gmatch(old_roster, '\30([^\31]+)\31') do names[#names + 1] = model end
end
for i, model in ipairs(names) do candidates[i] = client .. '\31' .. model end
local texts = #names > 0 and call('HMGET', MARKS, unpack(candidates)) or {}
for i, model in ipairs(names) do
  if texts[i] then
    local quota, suspension, fence, more = read_mark(texts[i])
    local waited = waiting and tonumber(call('ZSCORE', DEADLINES, candidates[i]) or 0) <= now
    if waited or (redefined and model ~= '*' and not supplies(roster, model)) then
      quota, suspension, fence = '', '', ''
    elseif held and not keep then
      local _, quota_revision, _, _, _, quota_actor = read_part(quota)
      if quota_revision and quota_revision <= seen and quota_actor == '' then quota = '' end
      local _, suspension_revision, _, _, _, suspension_actor = read_part(suspension)
      if suspension_revision and suspension_revision <= seen and suspension_actor == '' then suspension = '' end
    end
    local text = mark_text(quota, suspension, fence, more)
    if waiting or text ~= texts[i] then
      changes[#changes + 1] = model
      changes[#changes + 1] = text
    end
    if waiting and text ~= '' then marks = marks + 1 end
    if not waiting and text == '' then marks = marks - 1 end
  end
end

if not redefined and held and #changes == 0 then return answer('same') end

if redefined then
  registered = (asserted ~= '' and asserted ~= '0') and asserted or int(now)
  revision = int(rev + 1)
end
if not held then holders = holders == '' and replica or holders .. ',' .. replica end
record = write_client(provider, digest, registered, revision, marks, holders, rest)
local payload = client .. '\29' .. record
if #changes > 0 then payload = payload .. '\29' .. table.concat(changes, '\29') end
local touched = { 2, 12, 13, 14 } -- clients holds feed ops
if redefined then touched = { 2, 3, 4, 5, 6, 7, 12, 13, 14 } end -- and catalogs rosters catalog_refs counts providers
if waiting or #changes > 0 or not record then
  touched[#touched + 1] = 8 -- marks
  touched[#touched + 1] = 9 -- deadlines
end
if damaged(touched) then return broken() end
commit('client', payload)

if redefined then
  if catalog ~= '' then
    call('HSET', CATALOGS, digest, catalog)
    call('HSET', ROSTERS, digest, roster)
  end
  if old_digest ~= digest then
    use_catalog(digest)
    if old_digest then release_catalog(old_digest) end
  end
  if old_digest then shift(old_roster, old_provider, -1) end
  shift(roster, provider, 1)
  write_counts()
end
call('HSET', CLIENTS, client, record)
call('SADD', HOLDS, client)
if waiting then write_mark(slot, '', 0) end
for i = 1, #changes, 2 do write_mark(client .. '\31' .. changes[i], changes[i + 1], mark_deadline(changes[i + 1])) end
if waiting or #changes > 0 then seal_deadlines() end
return finish(touched)
