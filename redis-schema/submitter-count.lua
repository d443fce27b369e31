-- submitter-count: what a submitter is about to send, held against all of its
-- limits and against what is usual for it, and counted, in one step.
--
-- KEYS  1 the submitter  2 its recipients        (README.md has their fields)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 adds           "messages 1 recipients 1"
--       3 limits         "recipients 300 3600000 3 ..." of what is added:
--                        counted, most, window, state (1 watch, 2 hold, 3 locked)
--       4 places         "networks 192.0.2.0/24 21 ...": where it comes from;
--                        so many are kept at least
--       5 recipient      a hash, or empty
--       6 recipients     so many are kept: more than any limit needs
--       7 longest        window of theirs, milliseconds
--       8 unusual        "1 5 604800000 recipients 3600000 50 ...": state,
--                        factor, known so long; counted, window, floor. Or empty
--       9 terms          of watch, hold and locked, milliseconds
--      10 mode           e: what is found here is enforced; o: only observed
--      11 happened       1: it counts whatever comes of it; 0: not when it is
--                        locked, for then it is not taken
--      12 memory         the state that the asker has found while Redis was
--                        gone, as `state` is written here; or empty
-- Gives { state, since, until, new, counted, mode, why, sum of each limit ... }
--
-- A limit is held against the sum with this one in it. A window is the current
-- slice and the twelve before it, so never shorter than it says. Of things that
-- count once, the latest are kept, one more than the limit: so many are enough to
-- know that it is too much.
--
-- It is run for each recipient, so what is usual goes first: a slice that has
-- been counted in already, a day that has begun.

local now = tonumber(ARGV[1])
local recipient, mode, happened = ARGV[5], ARGV[10], ARGV[11] == '1'
local HOUR, DAY, SLICES, SPANS, SPAN = 3600000, 86400000, 12, 10, 3
local REMEMBER, COUNT_MAX = 400 * DAY, 1000000000
local PLACES_FOR, PLACES_MOST = 30 * DAY, 251
local NAMES = { [0] = 'ok', 'watch', 'hold', 'locked' }
local RANK = { ok = 0, watch = 1, hold = 2, locked = 3 }
local call, match, gmatch = redis.call, string.match, string.gmatch
local floor, min, max = math.floor, math.min, math.max
local today = floor(now / DAY)

-- What is to be read -------------------------------------------------------

local names, wanted, count = { 'state', 'first', 'day' }, {}, 3
local function want(name)
	if not wanted[name] then
		count = count + 1
		names[count], wanted[name] = name, true
	end
end

local adds = {}
for counted, number in gmatch(ARGV[2], '(%S+) (%d+)') do
	adds[counted] = tonumber(number)
end
local limits = {}
for counted, most, window, rank in gmatch(ARGV[3], '(%S+) (%d+) (%d+) (%d)') do
	local ring = counted .. '/' .. window
	limits[#limits + 1] = { counted, tonumber(most), tonumber(window),
		tonumber(rank), ring }
	if adds[counted] then
		want(ring)
	end
end
local places = {}
for kind, element, most in gmatch(ARGV[4], '(%S+) (%S+) (%d+)') do
	places[kind] = { element, tonumber(most) }
	want(kind)
end
local measures, unusual, factor, after = {}, 0, 0, 0
if ARGV[8] ~= '' then
	local rest
	unusual, factor, after, rest = match(ARGV[8], '^(%d) (%S+) (%d+)(.*)$')
	unusual, factor, after =
		tonumber(unusual), tonumber(factor), tonumber(after)
	for counted, window, least in gmatch(rest, ' (%S+) (%d+) (%d+)') do
		local ring = counted .. '/' .. window
		measures[#measures + 1] = { counted, tonumber(least),
			tonumber(window), ring, 'most/' .. ring }
		if adds[counted] then
			want(ring)
		end
		want('most/' .. ring)
	end
end
if ARGV[12] ~= '' then
	want('was')
end

-- A key of another type is none of ours.
local values = redis.pcall('HMGET', KEYS[1], unpack(names))
if values.err then
	call('DEL', KEYS[1])
	values = {}
end
local old, fresh, gone = {}, {}, nil
for i = 1, count do
	old[names[i]] = values[i] or nil
end

-- What has been sent -------------------------------------------------------

-- "SLICE SUM COUNT COUNT ...", the latest slice first, with `more`. What is
-- counted in the future (a clock was set back) counts as now.
local function slide(text, window, more)
	local slice = floor(now / math.ceil(window / SLICES))
	local at, sum, latest, rest =
		match(text or '', '^(%d+) (%d+) (%d+)([ %d]*)$')
	local age = slice - (tonumber(at) or 0)
	if at and age == 0 then
		sum = min(sum + more, COUNT_MAX)
		return sum, at .. ' ' .. sum .. ' ' ..
			min(latest + more, COUNT_MAX) .. rest
	end
	if not at or age > SLICES then
		return more, slice .. ' ' .. more .. ' ' .. more
	end
	local ages, oldest = { [0] = more }, 0
	sum = more
	for one in gmatch(latest .. rest, '%d+') do
		if age <= SLICES then
			local here = max(age, 0)
			ages[here] = (ages[here] or 0) + one
			oldest, sum = max(oldest, here), sum + one
		end
		age = age + 1
	end
	for i = 0, oldest do
		ages[i] = min(ages[i] or 0, COUNT_MAX)
	end
	sum = min(sum, COUNT_MAX)
	return sum, slice .. ' ' .. sum .. ' ' .. table.concat(ages, ' ', 0, oldest)
end

local sums, texts = {}, {}
local function ring_of(ring, window, counted)
	if not sums[ring] then
		sums[ring], texts[ring] = slide(old[ring], window, adds[counted])
	end
	return sums[ring]
end

-- What is usual ------------------------------------------------------------

-- "DAY TODAY PAST MOST MOST ...": the most of this day; the most of the days
-- before; and of every three days, the latest first.
local function usual(text)
	local at, most, past, list =
		match(text or '', '^(%d+) (%d+) (%d+)([ %d]*)$')
	if not at or tonumber(at) >= today then
		return tonumber(most) or 0, tonumber(past) or 0, list or ''
	end
	-- The day that is over goes to its three days; they grow older.
	local spans, oldest = {}, 0
	local age = floor(today / SPAN) - floor(at / SPAN)
	past = 0
	local function keep(one)
		if age <= SPANS then
			spans[age] = max(spans[age] or 0, tonumber(one))
			oldest, past = max(oldest, age), max(past, spans[age])
		end
	end
	keep(most)
	for one in gmatch(list, '%d+') do
		keep(one)
		age = age + 1
	end
	for i = 0, oldest do
		spans[i] = spans[i] or 0
	end
	return 0, past, ' ' .. table.concat(spans, ' ', 0, oldest)
end

-- Where it comes from ------------------------------------------------------

-- As many are kept as it takes to see that it is too much, or unusual.
for _, measure in ipairs(measures) do
	local place = places[measure[1]]
	if place then
		local _, past = usual(old[measure[5]])
		place[2] = max(place[2],
			min(floor(max(measure[2], factor * past)) + 1, PLACES_MOST))
	end
end

-- "TIME ELEMENT TIME ELEMENT ...", the latest first.
for kind, place in pairs(places) do
	local words, times = { ARGV[1], place[1] }, { now }
	for time, element in gmatch(old[kind] or '', '(%d+) (%S+)') do
		local seen = min(tonumber(time), now)
		if #times < place[2] and element ~= place[1] and
			now - seen <= PLACES_FOR then
			words[#words + 1], words[#words + 2] = time, element
			times[#times + 1] = seen
		end
	end
	place[3], fresh[kind] = times, table.concat(words, ' ')
end

local function places_within(kind, window)
	local number = 0
	for _, time in ipairs(places[kind][3]) do
		if now - time <= window then
			number = number + 1
		end
	end
	return number
end

-- Noted at once, and taken back if a lock keeps it out.
local is_new_recipient = recipient ~= '' and
	redis.pcall('ZADD', KEYS[2], now, recipient)
if type(is_new_recipient) == 'table' then
	call('DEL', KEYS[2])
	is_new_recipient = call('ZADD', KEYS[2], now, recipient)
end

local function count_of(counted, window, ring)
	if adds[counted] then
		return ring_of(ring, window, counted)
	elseif places[counted] then
		return places_within(counted, window)
	elseif recipient ~= '' then
		return call('ZCOUNT', KEYS[2], now - window, '+inf')
	end
	return 0
end

-- What comes of it ---------------------------------------------------------

-- What was only observed is nothing once it is enforced.
local function counts_here(found_mode)
	return found_mode == 'e' or mode ~= 'e'
end

local rank, since, till, was_mode, why = 0, 0, 0, mode, ''
if old.state then
	local s, b, u, m, w = match(old.state, '^(%a+) (%d+) (%d+) (%a) (.*)$')
	if s and tonumber(u) > now and counts_here(m) then
		rank, since, till, was_mode, why =
			RANK[s] or 0, tonumber(b), tonumber(u), m, w
	else
		fresh.was = 'over ' .. min(tonumber(u) or now, now) .. ' ' ..
			old.state
		gone = 'state'
	end
end
if ARGV[12] ~= '' then
	local s, b, u, m, w = match(ARGV[12], '^(%a+) (%d+) (%d+) (%a) (.*)$')
	local released = match(old.was or '', '^released (%d+)')
	if s and tonumber(u) > now and counts_here(m) and RANK[s] > rank and
		tonumber(b) > (tonumber(released) or 0) then
		rank, since, till, was_mode, why =
			RANK[s], tonumber(b), tonumber(u), m, w
		fresh.state = ARGV[12]
	end
end
local is_taken = happened or rank < 3

local reached, reason, answer = 0, '', {}
for i, limit in ipairs(limits) do
	local number = count_of(limit[1], limit[3], limit[5])
	answer[i] = number
	if is_taken and number > limit[2] and limit[4] > reached then
		reached = limit[4]
		reason = 'limit ' .. limit[1] .. ' ' .. number .. ' ' ..
			limit[2] .. ' ' .. limit[3]
	end
end
local is_known = now - (tonumber(old.first) or now) >= after
for _, measure in ipairs(measures) do
	local number = count_of(measure[1], measure[3], measure[4])
	local most, past, list = usual(old[measure[5]])
	if is_taken and is_known and number > measure[2] and
		number > factor * past and unusual > reached then
		reached = unusual
		reason = 'unusual ' .. measure[1] .. ' ' .. number .. ' ' ..
			past .. ' ' .. measure[3]
	end
	if number > most then
		measure[6] = today .. ' ' .. number .. ' ' .. past .. list
	end
end

is_taken = is_taken and (happened or reached < 3)
local is_new = 0
if reached > 0 and reached >= rank then
	local _, _, watch, hold, locked =
		string.find(ARGV[9], '(%d+) (%d+) (%d+)')
	if reached > rank then
		is_new, since, till, why = 1, now, 0, reason
		-- What one machine enforces is not undone by another that
		-- observes.
		was_mode = rank > 0 and was_mode == 'e' and 'e' or mode
	end
	rank = reached
	till = max(till, now + ({ watch, hold, locked })[rank])
	fresh.state = string.format('%s %.0f %.0f %s %s', NAMES[rank], since,
		till, was_mode, why)
end
if fresh.state then
	gone = nil
end

-- What is written ----------------------------------------------------------

local is_another_day = tonumber(old.day) ~= today
if is_taken then
	for ring, text in pairs(texts) do
		fresh[ring] = text
	end
	-- What is held back is not usual until it is released.
	if rank < 2 then
		for _, measure in ipairs(measures) do
			fresh[measure[5]] = measure[6]
		end
	end
	fresh.last = ARGV[1]
	if is_new_recipient == 1 then
		call('ZREMRANGEBYRANK', KEYS[2], 0, -(ARGV[6] + 1))
	end
elseif is_new_recipient == 1 then
	call('ZREM', KEYS[2], recipient)
end
if recipient ~= '' and (is_new_recipient == 1 or is_another_day) then
	call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. now - ARGV[7])
	call('PEXPIRE', KEYS[2], ARGV[7] + DAY + HOUR)
end
if not old.first then
	fresh.first = ARGV[1]
end
if is_another_day then
	fresh.day = today
end
local words, length = {}, 0
for name, value in pairs(fresh) do
	words[length + 1], words[length + 2] = name, value
	length = length + 2
end
if length > 0 then
	call('HSET', KEYS[1], unpack(words))
end
if gone then
	call('HDEL', KEYS[1], gone)
end
if is_another_day then
	call('PEXPIRE', KEYS[1], REMEMBER)
end
return { NAMES[rank], since, till, is_new, is_taken and 1 or 0, was_mode, why,
	unpack(answer) }
