-- submitter-index: where a submitter stands among all others, so that they can
-- be listed without a walk over all keys.
--
-- KEYS  1 by last mail  2 by state  3 by share, of this day
--                                                (README.md has what they hold)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 submitter      a key
--       3 last           when its last mail was; empty: as it stands
--       4 rank           0 ok, 1 watch, 2 hold, 3 locked; empty: as it stands
--       5 until          of that state, milliseconds since 1970
--       6 share          of the limit that is nearest, in thousandths; empty: as
--                        it stands
-- Gives 1.

local now, submitter = tonumber(ARGV[1]), ARGV[2]
local DAY = 86400000
local REMEMBER, RANK = 400 * DAY, 10000000000000
local MOST, NEAR_MOST = 250000, 5000

-- What is too much goes at the low end. A key of another type is none of ours.
local function put(key, score, most, ttl)
	score = string.format('%.0f', score)
	local added = redis.pcall('ZADD', key, score, submitter)
	if type(added) == 'table' then
		redis.call('DEL', key)
		added = redis.call('ZADD', key, score, submitter)
	end
	if added == 1 then
		redis.call('ZREMRANGEBYRANK', key, 0, -(most + 1))
	end
	redis.call('PEXPIRE', key, ttl)
end

if ARGV[3] ~= '' then
	put(KEYS[1], tonumber(ARGV[3]), MOST, REMEMBER)
	redis.pcall('ZREMRANGEBYSCORE', KEYS[1], '-inf',
		string.format('(%.0f', now - REMEMBER))
end
if ARGV[4] ~= '' then
	local rank = tonumber(ARGV[4])
	if rank > 0 then
		put(KEYS[2], rank * RANK + tonumber(ARGV[5]), MOST, REMEMBER)
	else
		redis.pcall('ZREM', KEYS[2], submitter)
	end
	for i = 1, 3 do
		redis.pcall('ZREMRANGEBYSCORE', KEYS[2],
			string.format('%.0f', i * RANK),
			string.format('%.0f', i * RANK + now))
	end
end
if ARGV[6] ~= '' then
	put(KEYS[3], tonumber(ARGV[6]), NEAR_MOST, 3 * DAY)
end
return 1
