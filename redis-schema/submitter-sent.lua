-- submitter-sent: a mail goes out. It is remembered who sent it, for bounces,
-- and what of it was counted, so that a retry counts no second time.
--
-- KEYS  1 the mail, by its Message-ID            (README.md has its fields)
-- ARGV  1 submitter      a key
--       2 delivery       a hash of this mail and all of its recipients
--       3 recipients     how many
--       4 remember       milliseconds
-- Gives 1 when this very delivery of this submitter was noted before (then
-- nothing is written), else 0.
--
-- Whoever sends another's Message-ID again does not become its sender.

local DELIVERIES_MAX = 16 * 33

local value = redis.call('MGET', KEYS[1])[1]
local submitter, bounced, recipients, deliveries = string.match(value or '',
	'^s=(%S+) b=(%d+) n=(%d+) d=(%S*)$')
submitter = submitter or ARGV[1]
if submitter ~= ARGV[1] then
	return 0
end
deliveries = deliveries or ''
if string.find(',' .. deliveries .. ',', ',' .. ARGV[2] .. ',', 1, true) then
	return 1
end
deliveries = deliveries == '' and ARGV[2] or deliveries .. ',' .. ARGV[2]
while #deliveries > DELIVERIES_MAX do
	deliveries = string.match(deliveries, ',(.*)$') or ''
end
redis.call('SET', KEYS[1], string.format('s=%s b=%s n=%.0f d=%s', submitter,
	bounced or '0', (tonumber(recipients) or 0) + ARGV[3], deliveries),
	'PX', ARGV[4])
return 0
