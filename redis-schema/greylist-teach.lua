-- greylist-teach: a mail that was accepted has proven one identity more than the
-- one it came by, and counts for that too.
--
-- KEYS  1 the identity                           (README.md has its fields)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 remember       milliseconds
--       3 known after    passes; 0 = never
--       4 mail id        counts once
--       5 proof          of the identity, a word
-- Gives 1, or 0 when there was nothing to learn: it is known, or this mail has
-- counted (then nothing is written).

local now, remember, known_after = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local mail, proof = ARGV[4], ARGV[5]
local HOUR, MAILS_MAX = 3600000, 8 * 27

local value = redis.call('MGET', KEYS[1])[1]
local passes, mails, proofs = 0, '', ''
if value then
	local p, l, m, more = string.match(value,
		'^p=(%d+) l=(%d+) m=(%S*)(.*)$')
	if p and now - tonumber(l) <= remember then
		passes, mails = tonumber(p), m
		proofs = string.match(more, ' v=(%S+)') or ''
	end
end
if known_after > 0 and passes >= known_after or
	string.find(',' .. mails .. ',', ',' .. mail .. ',', 1, true) then
	return 0
end
if not string.find(',' .. proofs .. ',', ',' .. proof .. ',', 1, true) then
	proofs = proofs == '' and proof or proofs .. ',' .. proof
end
passes = passes + 1
mails = mails == '' and mail or mails .. ',' .. mail
if known_after > 0 and passes >= known_after then
	mails = ''
end
while #mails > MAILS_MAX do
	mails = string.match(mails, ',(.*)$') or ''
end
redis.call('SET', KEYS[1], 'p=' .. passes .. ' l=' .. ARGV[1] .. ' m=' .. mails ..
	' v=' .. proofs, 'PX', remember + HOUR)
return 1
