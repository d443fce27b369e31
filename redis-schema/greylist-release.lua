-- greylist-release: let the next try of one triplet pass.
--
-- KEYS  1 the triplet
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
-- Gives 1, or 0 when there is no such triplet (then nothing is written).
--
-- The release holds until that try, for a week at least. A triplet that has
-- passed before takes it too: it may have passed too long ago.

local WEEK = 604800000

local value = redis.call('GET', KEYS[1])
if not value then
	return 0
end
if not string.find(value, ' r=', 1, true) then
	local ttl = math.max(redis.call('PTTL', KEYS[1]), WEEK)
	redis.call('SET', KEYS[1], value .. ' r=' .. ARGV[1], 'PX', ttl)
end
return 1
