-- desk-note: who is waiting because of greylisting, and what came of it, for
-- people. No mail asks it.
--
-- KEYS  1 waiting   2 of these, honest-looking   3 identities by their last wait
--       4 what came of this identity             5 of this day
--                                                (README.md has what they hold)
-- ARGV  1 now         wall clock of the asker, milliseconds since 1970
--       2 what        waits: it has to; came: it came back and was let in
--       3 triplet     its key
--       4 since       when it was seen first
--       5 honest      1: it passed SPF and no list has it
--       6 window      after it nobody is waited for any more (milliseconds)
--       7 bucket      of how long it took to come back: a field's end
-- Gives 1.

local now, what, triplet, since = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local honest, window = ARGV[5] == '1', tonumber(ARGV[6])
local DAY = 86400000
local MOST, IDENTITIES_MOST, SWEPT = 100000, 5000, 20
local of = string.match(KEYS[4], '^(.*:of:)')

local function identity_of(key)
	return string.match(key, '^sp:grey:{(.-)}') or ''
end

local function count(identity, field)
	for _, key in ipairs({ of .. identity, KEYS[5] }) do
		redis.call('HINCRBY', key, field, 1)
		redis.call('PEXPIRE', key, 32 * DAY)
	end
end

-- Nobody has come back for it, and nobody will.
local function give_up(key)
	redis.call('ZREM', KEYS[1], key)
	local identity = identity_of(key)
	count(identity, 'never')
	if redis.call('ZREM', KEYS[2], key) == 1 then
		count(identity, 'never-honest')
	end
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf',
	'(' .. string.format('%.0f', now - window), 'LIMIT', 0, SWEPT)) do
	give_up(key)
end

local identity = identity_of(triplet)
if what == 'waits' then
	local before = redis.call('ZSCORE', KEYS[1], triplet)
	if before and tonumber(before) ~= tonumber(since) then
		give_up(triplet)
		before = false
	end
	if not before then
		count(identity, 'begun')
	end
	redis.call('ZADD', KEYS[1], since, triplet)
	if honest then
		redis.call('ZADD', KEYS[2], since, triplet)
	else
		redis.call('ZREM', KEYS[2], triplet)
	end
	redis.call('ZADD', KEYS[3], ARGV[1], identity)
elseif redis.call('ZREM', KEYS[1], triplet) == 1 then
	redis.call('ZREM', KEYS[2], triplet)
	count(identity, 'came')
	count(identity, 'in/' .. ARGV[7])
end

-- Bounds: the oldest go, uncounted.
local over = redis.call('ZCARD', KEYS[1]) - MOST
if over > 0 then
	for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, over - 1)) do
		redis.call('ZREM', KEYS[1], key)
		redis.call('ZREM', KEYS[2], key)
	end
end
over = redis.call('ZCARD', KEYS[3]) - IDENTITIES_MOST
if over > 0 then
	for _, old in ipairs(redis.call('ZRANGE', KEYS[3], 0, over - 1)) do
		redis.call('ZREM', KEYS[3], old)
		redis.call('DEL', of .. old)
	end
end
redis.call('PEXPIRE', KEYS[1], window + 3600000)
redis.call('PEXPIRE', KEYS[2], window + 3600000)
redis.call('PEXPIRE', KEYS[3], 32 * DAY)
return 1
