-- submitter-set: the operator puts a submitter into a state, or releases it.
--
-- KEYS  1 the submitter  2 its recipients        (README.md has their fields)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 state          watch, hold, locked; ok releases
--       3 until          milliseconds since 1970
--       4 why            words
-- Gives { state, since, until, mode, why } of before, with state ok when it was
-- in none; nothing when there was no such submitter and it is to be released.
--
-- A release begins all counts anew, for what was too much would be too much
-- again with the next mail, and takes what was sent today as usual.

local now, state = tonumber(ARGV[1]), ARGV[2]
local DAY, SPANS, SPAN = 86400000, 10, 3
local today = math.floor(now / DAY)

local answer = redis.pcall('HGETALL', KEYS[1])
if answer.err then
	redis.call('DEL', KEYS[1])
	answer = {}
end
if #answer == 0 and state == 'ok' then
	return {}
end
local old = {}
for i = 1, #answer, 2 do
	old[answer[i]] = answer[i + 1]
end
local before, since, till, mode, why =
	string.match(old.state or '', '^(%a+) (%d+) (%d+) (%a) (.*)$')
if before and tonumber(till) <= now then
	before = nil
end

-- As in submitter-count: what is the most of today, and what stands behind it.
local function usual(text)
	local at, most, past, list =
		string.match(text, '^(%d+) (%d+) (%d+)([ %d]*)$')
	if not at or tonumber(at) >= today then
		return tonumber(most) or 0, ' ' .. (past or '0') .. (list or '')
	end
	local spans, oldest = {}, 0
	local age = math.floor(today / SPAN) - math.floor(at / SPAN)
	past = 0
	local function keep(one)
		if age <= SPANS then
			spans[age] = math.max(spans[age] or 0, tonumber(one))
			oldest, past = math.max(oldest, age),
				math.max(past, spans[age])
		end
	end
	keep(most)
	for one in string.gmatch(list, '%d+') do
		keep(one)
		age = age + 1
	end
	for i = 0, oldest do
		spans[i] = spans[i] or 0
	end
	return 0, ' ' .. past .. ' ' .. table.concat(spans, ' ', 0, oldest)
end

local words, gone = {}, {}
local function set(name, value)
	words[#words + 1], words[#words + 2] = name, value
end

if state == 'ok' then
	for name, value in pairs(old) do
		local ring = string.match(name, '^most/(.*)$')
		local sum = ring and string.match(old[ring] or '', '^%d+ (%d+)')
		local most, rest = 0, ''
		if sum then
			most, rest = usual(value)
		end
		if sum and tonumber(sum) > most then
			set(name, today .. ' ' .. sum .. rest)
		elseif string.find(name, '^[%a-]+/%d+$') or
			name == 'networks' or name == 'countries' or
			name == 'asns' or name == 'state' then
			gone[#gone + 1] = name
		end
	end
	if before then
		set('was', 'released ' .. ARGV[1] .. ' ' .. old.state)
	end
	redis.call('DEL', KEYS[2])
else
	set('state', string.format('%s %s %s e operator %s', state, ARGV[1],
		ARGV[3], ARGV[4]))
	if not old.first then
		set('first', ARGV[1])
	end
end
if #gone > 0 then
	redis.call('HDEL', KEYS[1], unpack(gone))
end
if #words > 0 then
	redis.call('HSET', KEYS[1], unpack(words))
end
redis.call('PEXPIRE', KEYS[1], math.max(400 * DAY,
	(tonumber(ARGV[3]) or 0) - now + DAY))
if not before then
	return { 'ok', 0, 0, '', '' }
end
return { before, tonumber(since), tonumber(till), mode, why }
