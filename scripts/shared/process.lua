-- process: tells the process that has the calling replica's name from another one.
--
-- process is the one that joined last under the calling replica's name; false where none did.
local function process()
  local record = call('HGET', REPLICAS, replica)
  return record and match(record, '^[^ ]*')
end

-- overtaken says whether a process other than this instance has the name.
local function overtaken(instance) return (process() or instance) ~= instance end
