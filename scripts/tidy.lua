-- tidy: removes a page of marks that are over, and of fences and tombstones. It changes no answer, so it makes no
-- revision.
--
-- Uses     base gate sizes clients marks
-- ARGV[5]  page      how many records to remove at most
-- ARGV[6]  cursor    '0' at the start, then what the last page returned
-- Returns  done|same now epoch revision tail '<marks removed> <next cursor>'; '0' at the end; fences and tombstones do
--          not count as marks
-- Cost     O(page); O(marks looked through) where `deadlines` had gone by itself and left records behind
if damaged({ 2, 8, 9 }) then return broken() end -- clients marks deadlines
local page, cursor = tonumber(ARGV[5]), ARGV[6]
local fields = {}
local search = call('HGET', META, 'untidy') == '1' or call('EXISTS', DEADLINES) == 0
if not search then
  fields = call('ZRANGEBYSCORE', DEADLINES, '-inf', int(now), 'LIMIT', 0, page)
  cursor = #fields == page and '1' or '0'
else
  local looked = 0
  repeat
    local scan = call('HSCAN', MARKS, cursor, 'COUNT', page)
    cursor = scan[1]
    for i = 1, #scan[2], 2 do
      looked = looked + 1
      local client, model = pair_of(scan[2][i])
      local over
      if model == '' or call('HEXISTS', CLIENTS, client) == 0 then
        over = tonumber(call('ZSCORE', DEADLINES, scan[2][i]) or 0) <= now -- it waits for a client
      else
        over = mark_text(read_mark(scan[2][i + 1])) ~= scan[2][i + 1]
      end
      if over then fields[#fields + 1] = scan[2][i] end
    end
  until cursor == '0' or #fields >= page or looked >= 2000
end

-- What becomes of the marks, by field, since a scan may show one twice; and of the clients that have fewer then.
local texts, records, removed = {}, {}, 0
for _, field in ipairs(fields) do
  if not texts[field] then
    local client, model = pair_of(field)
    local record, old, text = records[client] or call('HGET', CLIENTS, client), call('HGET', MARKS, field), ''
    local quota, suspension, fence, rest = read_mark(model ~= '' and old)
    if record and old and model ~= '' then
      text = mark_text(quota, suspension, fence, rest)
      if text == '' then
        local provider, digest, registered, revision, marks, holders, more = read_client(record)
        records[client] = write_client(provider, digest, registered, revision, marks - 1, holders, more)
      end
    end
    if part_is_over(quota) or part_is_over(suspension) or (not record and quota .. suspension ~= '') then
      removed = removed + 1
    end
    texts[field] = text
  end
end

if search and cursor == '0' then call('HDEL', META, 'untidy') end
if #fields == 0 then return answer('same', '0 ' .. cursor) end
for client, record in pairs(records) do call('HSET', CLIENTS, client, record) end
for field, text in pairs(texts) do write_mark(field, text, mark_deadline(text)) end
seal_deadlines()
return finish({ 8, 9 }, int(removed) .. ' ' .. cursor)
