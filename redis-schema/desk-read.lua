-- desk-read: who is waiting, in short steps, so that no mail waits for a search.
--
-- KEYS  1 waiting
-- ARGV  1 order         new or old: which come first
--       2 offset        how many of them were looked at before
--       3 most          so many are wanted
--       4 text          somewhere in the key; empty: any
-- Gives { how many there are, how many were looked at, key, key, ... }

local MOST, STEP = 2000, 500
local order, offset, most, text = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local command = order == 'old' and 'ZRANGE' or 'ZREVRANGE'
local all = redis.call('ZCARD', KEYS[1])
local found, seen, find = {}, 0, string.find

while seen < MOST and offset + seen < all and #found < most do
	local step = text == '' and most - #found or STEP
	local keys = redis.call(command, KEYS[1], offset + seen, offset + seen + step - 1)
	for _, key in ipairs(keys) do
		if #found == most then
			break
		end
		seen = seen + 1
		if text == '' or find(key, text, 1, true) then
			found[#found + 1] = key
		end
	end
	if #keys == 0 then
		break
	end
end
return { all, seen, unpack(found) }
