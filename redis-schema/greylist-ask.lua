-- greylist-ask: one try of one triplet, judged and noted in one step.
--
-- KEYS  1 the identity   2 the triplet   3 its probes   (README.md has their
--                                                        fields)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 delay          3 retry window          4 remember   (milliseconds)
--       5 known after    passes; 0 = never
--       6 mail id        several recipients of one mail count one pass
--       7 client         for people
-- Gives { state, first sight, wait, tries, passes of the identity,
--         unknown users, relay attempts }        lately, see probe-count.lua
--
-- Time is the asker's: Redis's own clock only lets old keys go, an hour after
-- they have lost their meaning at the earliest. A time that lies in the future
-- (somebody's clock was set back) counts as now, so that nobody ever waits
-- longer than the delay.

local now, delay, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local remember, known_after = tonumber(ARGV[4]), tonumber(ARGV[5])
local mail, client = ARGV[6], ARGV[7]
local HOUR, MAILS_MAX, PROBES_MAX = 3600000, 8 * 27, 1000000

local values = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3])

-- Most have tried nothing in vain, and have no third key.
local unknown, relay = 0, 0
if values[3] then
	local width, slices = string.match(values[3], '^w=(%d+)(.*)$')
	local oldest = width and math.floor(now / tonumber(width)) - 11
	for slice, u, r in string.gmatch(slices or '', ' (%d+):(%d+):(%d+)') do
		if tonumber(slice) >= oldest then
			unknown = math.min(unknown + u, PROBES_MAX)
			relay = math.min(relay + r, PROBES_MAX)
		end
	end
end

local passes, mails, used = 0, '', 0
if values[1] then
	local p, l, m = string.match(values[1], '^p=(%d+) l=(%d+) m=(%S*)')
	if p and now - tonumber(l) <= remember then
		passes, mails, used = tonumber(p), m, tonumber(l)
	end
end

local first, tries, rest
if values[2] then
	first, tries, rest = string.match(values[2],
		'^f=(%d+) n=(%d+) c=%S*(.*)$')
end
first, tries = math.min(tonumber(first) or now, now), tonumber(tries) or 0

-- An identity that is known keeps no triplets: its own key is enough. It is
-- written once an hour, not for each mail: most mail is of this kind, and what
-- is only read costs neither replication nor disk.
if known_after > 0 and passes >= known_after then
	if used > now or now - used > math.min(HOUR, remember / 100) then
		redis.call('SET', KEYS[1], 'p=' .. passes .. ' l=' .. ARGV[1] .. ' m=',
			'PX', remember + HOUR)
	end
	return { 'known', first, 0, tries + 1, passes, unknown, relay }
end

local last, pass
local state = 'new'
if rest then
	last = math.min(tonumber(string.match(rest, ' l=(%d+)')) or first, now)
	pass = string.match(rest, ' p=(%d+)')
	if string.find(rest, ' r=', 1, true) then
		state = 'released'
	elseif pass then
		if now - last <= remember then
			state = 'seen'
		end
	elseif now - first > window then
		state = 'late'
	elseif now - first < delay then
		state = 'early'
	else
		state = 'passed'
	end
end

if state == 'new' or state == 'late' then
	first, tries = now, 0
end
tries = tries + 1
local value = string.format('f=%.0f n=%d c=%s', first, tries, client)
if tries > 1 then
	value = value .. ' l=' .. ARGV[1]
end

if state == 'new' or state == 'late' or state == 'early' then
	redis.call('SET', KEYS[2], value, 'PX', window + HOUR)
	return { state, first, delay - (now - first), tries, passes,
		unknown, relay }
end

-- It passes. The mail counts for its identity, once.
if state ~= 'seen' then
	pass = ARGV[1]
end
if not string.find(',' .. mails .. ',', ',' .. mail .. ',', 1, true) then
	passes = passes + 1
	mails = mails == '' and mail or mails .. ',' .. mail
	if known_after > 0 and passes >= known_after then
		mails = ''
	end
	while #mails > MAILS_MAX do
		mails = string.match(mails, ',(.*)$') or ''
	end
end
redis.call('SET', KEYS[2], value .. ' p=' .. pass, 'PX', remember + HOUR)
redis.call('SET', KEYS[1], 'p=' .. passes .. ' l=' .. ARGV[1] .. ' m=' .. mails,
	'PX', remember + HOUR)
return { state, first, 0, tries, passes, unknown, relay }
