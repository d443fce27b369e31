-- submitter-sent: a mail goes out. It is remembered who sent it, for bounces,
-- and what of it was counted, so that a retry counts no second time.
--
-- KEYS  1 the mail, by its Message-ID            (README.md has its fields)
-- ARGV  1 submitter      a key
--       2 delivery       a hash of this mail and all of its recipients
--       3 recipients     how many
--       4 remember       milliseconds
-- Gives 1 when this very delivery of this submitter was noted before, else 0.
--
-- Whoever sends another's Message-ID again does not become its sender. A retry
-- is free so many times only: no MTA tries more often what was taken, but somebody
-- who wants to fill a mailbox might.

local DELIVERIES_MAX, RETRIES_MAX = 16 * 33, 20

local value = redis.call('MGET', KEYS[1])[1]
local submitter, bounced, recipients, retries, deliveries = string.match(
	value or '', '^s=(%S+) b=(%d+) n=(%d+) r=(%d+) d=(%S*)$')
submitter = submitter or ARGV[1]
if submitter ~= ARGV[1] then
	return 0
end
deliveries = deliveries or ''
if string.find(',' .. deliveries .. ',', ',' .. ARGV[2] .. ',', 1, true) then
	if tonumber(retries) >= RETRIES_MAX then
		return 0
	end
	redis.call('SET', KEYS[1], string.format('s=%s b=%s n=%s r=%.0f d=%s',
		submitter, bounced, recipients, retries + 1, deliveries),
		'PX', ARGV[4])
	return 1
end
deliveries = deliveries == '' and ARGV[2] or deliveries .. ',' .. ARGV[2]
while #deliveries > DELIVERIES_MAX do
	deliveries = string.match(deliveries, ',(.*)$') or ''
end
redis.call('SET', KEYS[1], string.format('s=%s b=%s n=%.0f r=%s d=%s',
	submitter, bounced or '0', (tonumber(recipients) or 0) + ARGV[3],
	retries or '0', deliveries), 'PX', ARGV[4])
return 0
