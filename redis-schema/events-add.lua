-- events-add: what became of mails, and the counters, in one step.
--
-- KEYS  1 the events  2 where to find them  3 minutes  4 hours  5 days
-- ARGV  1 now      wall clock of the asker, milliseconds since 1970
--       2 most     events that are kept; 0: none is added
--       3 keep     so long, milliseconds
--       4 when     "27 14 3": the minute, the hour and the day in their keys
--       5 counts   "mails 2 verdict/accept 2 ..."
--       6 ...      events: words to find it by, a line's end, JSON, a line's
--                  end, facts
-- Gives how many events there are
--
-- What finds an event goes with it: its words stand in it. No event is older
-- than the stream's last one, whoever's clock is wrong.

local most, keep = tonumber(ARGV[2]), tonumber(ARGV[3])
local HOUR, DAY, ONCE = 3600000, 86400000, 1000
local KEPT = { 26 * HOUR, 33 * DAY, 431 * DAY }
local call, pcall, match, gmatch =
	redis.call, redis.pcall, string.match, string.gmatch

-- What can be mended here: a key of another type, an id that is none or too low.
-- Whatever else Redis says (full, read-only, forbidden), nothing must go for it.
local MENDED = { 'WRONGTYPE', 'not an integer', 'ID specified', 'stream ID' }
local function has_failed(answer)
	if type(answer) ~= 'table' or not answer.err then
		return false
	end
	for _, words in ipairs(MENDED) do
		if string.find(answer.err, words, 1, true) then
			return true
		end
	end
	error(answer.err)
end

-- A key of another type is none of ours.
local unit = 1
for number in gmatch(ARGV[4], '%d+') do
	local key = KEYS[2 + unit]
	for name, more in gmatch(ARGV[5], '(%S+) (%d+)') do
		local field = number .. '/' .. name
		if has_failed(pcall('HINCRBY', key, field, more)) then
			call('DEL', key)
			call('HINCRBY', key, field, more)
		end
	end
	call('PEXPIRE', key, KEPT[unit])
	unit = unit + 1
end
if most == 0 or #ARGV < 6 then
	return 0
end

local function add(id, words, json, facts)
	return pcall('XADD', KEYS[1], id, 'k', words, 'e', json, 'f', facts)
end

for i = 6, #ARGV do
	local words, json, facts = match(ARGV[i], '^([^\n]*)\n([^\n]*)\n(.*)$')
	-- Behind a clock that was ahead, or in an old server: the next id.
	local id = add(ARGV[1] .. '-*', words, json, facts)
	if has_failed(id) then
		id = add('*', words, json, facts)
	end
	if has_failed(id) then
		call('DEL', KEYS[1], KEYS[2])
		id = add('*', words, json, facts)
	end
	local found = {}
	for word in gmatch(words, '%S+') do
		found[#found + 1] = 0
		found[#found + 1] = word .. ' ' .. id
	end
	if #found > 0 and has_failed(pcall('ZADD', KEYS[2], unpack(found))) then
		call('DEL', KEYS[2])
		call('ZADD', KEYS[2], unpack(found))
	end
end

-- A lower limit takes a while to be reached.
local count = call('XLEN', KEYS[1])
local old
if count > most then
	old = call('XRANGE', KEYS[1], '-', '+', 'COUNT',
		math.min(count - most, ONCE))
else
	old = call('XRANGE', KEYS[1], '-',
		string.format('%.0f', math.max(ARGV[1] - keep, 0)),
		'COUNT', 2 * (#ARGV - 5))
end
for _, event in ipairs(old) do
	local gone = {}
	for word in gmatch(event[2][2] or '', '%S+') do
		gone[#gone + 1] = word .. ' ' .. event[1]
	end
	if #gone > 0 then
		call('ZREM', KEYS[2], unpack(gone))
	end
end
if #old > 0 then
	count = count - #old
	call('XTRIM', KEYS[1], 'MAXLEN', '=', count)
end
call('PEXPIRE', KEYS[1], keep + HOUR)
call('PEXPIRE', KEYS[2], keep + HOUR)
return count
