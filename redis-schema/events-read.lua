-- events-read: events, the latest first. Writes nothing.
--
-- KEYS  1 the events  2 where to find them
-- ARGV  1 before     the place of an event: only older ones; or empty
--       2 since      milliseconds since 1970: none older than that
--       3 most       so many at most
--       4 facts      1: with them; 0: without
--       5 text       in lower case, that has to stand in it; or empty
--       6 ...        words that it has, the rarest first
-- Gives { next, place, JSON, facts, place, ... }; from `next` on there may be
-- more, unless it is empty
--
-- So many events are looked at and no more: a page is found in a moment or says
-- where to go on.

local before, since, most, text = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[5]
local LOOK = 2000
local find = string.find

-- A key of another type is none of ours.
local function ask(...)
	local answer = redis.pcall(...)
	return answer.err and {} or answer
end

local function latest()
	return ask('XREVRANGE', KEYS[1], before == '' and '+' or '(' .. before,
		since, 'COUNT', most)
end

-- By the first word: its places, then the events that are there.
local function latest_with(word)
	local first = before == '' and '[' .. word .. ' \255' or
		'(' .. word .. ' ' .. before
	local found, events = ask('ZREVRANGEBYLEX', KEYS[2], first,
		'[' .. word .. ' ' .. since, 'LIMIT', 0, most), {}
	for i, entry in ipairs(found) do
		local place = string.sub(entry, #word + 2)
		events[i] = ask('XRANGE', KEYS[1], place, place)[1] or
			{ place, {} }
	end
	return events
end

local function is_wanted(fields)
	if not fields[4] then
		return false
	end
	for i = 7, #ARGV do
		if not find(' ' .. fields[2] .. ' ', ' ' .. ARGV[i] .. ' ', 1,
			true) then
			return false
		end
	end
	return text == '' or find(string.lower(fields[4]), text, 1, true)
end

local answer, found, seen = { '' }, 0, 0
while true do
	local events = ARGV[6] and latest_with(ARGV[6]) or latest()
	for _, event in ipairs(events) do
		before, seen = event[1], seen + 1
		if is_wanted(event[2]) then
			found = found + 1
			answer[3 * found - 1] = event[1]
			answer[3 * found] = event[2][4]
			answer[3 * found + 1] =
				ARGV[4] == '1' and event[2][6] or ''
			if found == most then
				answer[1] = before
				return answer
			end
		end
	end
	if #events < most then
		return answer
	end
	if seen >= LOOK then
		answer[1] = before
		return answer
	end
end
