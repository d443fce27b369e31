-- greylist-trust: an identity is known from now on, by the operator's word.
--
-- KEYS  1 the identity
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 known after    passes
--       3 remember       (milliseconds)
-- Gives 1.

local value = redis.call('GET', KEYS[1]) or ''
local passes = math.max(tonumber(string.match(value, '^p=(%d+)')) or 0, tonumber(ARGV[2]))
local proofs = string.match(value, ' v=%S+') or ''
redis.call('SET', KEYS[1], string.format('p=%d l=%s m=', passes, ARGV[1]) .. proofs,
	'PX', tonumber(ARGV[3]) + 3600000)
return 1
