-- greylist-ask: one try of one triplet, judged and noted in one step.
--
-- KEYS  1 the identity   2 the triplet           (README.md has their fields)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 delay          3 retry window          4 remember   (milliseconds)
--       5 known after    passes; 0 = never
--       6 mail id        several recipients of one mail count one pass
--       7 client         for people
--       8 proof          of the identity, a word; empty: it is the address
--       9 lets in        1: nothing much speaks against the mail, so it is
--                        noted and let in; 0: it waits if it is new
--      10 since          0, or: this very try was noted a moment ago, and it
--                        turned out that the sender waits since then already,
--                        under another of its identities
-- Gives { state, first sight, wait, tries, passes of the identity }
--
-- Time is the asker's: Redis's own clock only lets old keys go, an hour after
-- they have lost their meaning at the earliest. A time that lies in the future
-- (somebody's clock was set back) counts as now, so that nobody ever waits
-- longer than the delay.

local now, delay, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local remember, known_after = tonumber(ARGV[4]), tonumber(ARGV[5])
local mail, client, proof = ARGV[6], ARGV[7], ARGV[8]
local lets_in, since = ARGV[9] == '1', tonumber(ARGV[10])
local HOUR, MAILS_MAX = 3600000, 8 * 27

local values = redis.call('MGET', KEYS[1], KEYS[2])

local passes, mails, used, proofs = 0, '', 0, ''
if values[1] then
	local p, l, m, more = string.match(values[1],
		'^p=(%d+) l=(%d+) m=(%S*)(.*)$')
	if p and now - tonumber(l) <= remember then
		passes, mails, used = tonumber(p), m, tonumber(l)
		proofs = string.match(more, ' v=(%S+)') or ''
	end
end
if proof ~= '' and
	not string.find(',' .. proofs .. ',', ',' .. proof .. ',', 1, true) then
	proofs = proofs == '' and proof or proofs .. ',' .. proof
end

local first, tries, rest
if values[2] then
	first, tries, rest = string.match(values[2],
		'^f=(%d+) n=(%d+) c=%S*(.*)$')
end
first, tries = math.min(tonumber(first) or now, now), tonumber(tries) or 0

local function note_identity()
	redis.call('SET', KEYS[1], 'p=' .. passes .. ' l=' .. ARGV[1] .. ' m=' ..
		mails .. (proofs == '' and '' or ' v=' .. proofs),
		'PX', remember + HOUR)
end

-- An identity that is known keeps no triplets: its own key is enough. It is
-- written once an hour, not for each mail: most mail is of this kind, and what
-- is only read costs neither replication nor disk.
if known_after > 0 and passes >= known_after then
	if used > now or now - used > math.min(HOUR, remember / 100) then
		mails = ''
		note_identity()
	end
	return { 'known', first, 0, tries + 1, passes }
end

if since > 0 then
	first, rest = math.min(first, since), rest or ''
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
if since == 0 or tries == 0 then
	tries = tries + 1
end
local value = string.format('f=%.0f n=%d c=%s', first, tries, client)
if proof ~= '' then
	value = value .. ' v=' .. proof
end
if first ~= now then
	value = value .. ' l=' .. ARGV[1]
end

if state == 'new' or state == 'late' or state == 'early' then
	if not lets_in then
		redis.call('SET', KEYS[2], value, 'PX', window + HOUR)
		return { state, first, delay - (now - first), tries, passes }
	end
	state = 'noted'
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
note_identity()
return { state, first, 0, tries, passes }
