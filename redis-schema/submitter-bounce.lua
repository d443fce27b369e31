-- submitter-bounce: recipients of a mail have sent it back. Whose was it?
--
-- KEYS  1 the mail, by its Message-ID            (README.md has its fields)
-- ARGV  1 bounced        how many recipients
-- Gives { submitter, how many of them count }, nothing for a mail that never
-- went out from here.
--
-- A mail can bounce to so many as it went to, and no more: whoever has it might
-- write bounces to have its sender locked.

local value = redis.call('MGET', KEYS[1])[1]
local submitter, bounced, recipients, rest = string.match(value or '',
	'^s=(%S+) b=(%d+) n=(%d+) (r=%d+ d=%S*)$')
if not submitter then
	return {}
end
local counts = math.max(math.min(tonumber(ARGV[1]), recipients - bounced), 0)
if counts > 0 then
	redis.call('SET', KEYS[1], string.format('s=%s b=%.0f n=%s %s',
		submitter, bounced + counts, recipients, rest),
		'PX', math.max(redis.call('PTTL', KEYS[1]), 1))
end
return { submitter, counts }
