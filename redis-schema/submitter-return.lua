-- submitter-return: what was counted did not go out after all, or had gone out
-- before. It is taken back from where it was counted.
--
-- KEYS  1 the submitter                          (README.md has its fields)
-- ARGV  1 at             when it was counted, milliseconds since 1970
--       2 counts         "messages 3600000 1 recipients 3600000 5 ...":
--                        counted, window, how many
-- Gives the number of windows that it was taken from.
--
-- States stay, and so does what counts once: it was seen.

local at = tonumber(ARGV[1])
local SLICES = 12

local names, counts = {}, {}
for counted, window, count in string.gmatch(ARGV[2], '(%S+) (%d+) (%d+)') do
	names[#names + 1] = counted .. '/' .. window
	counts[#counts + 1] = { tonumber(count),
		math.floor(at / math.ceil(window / SLICES)) }
end
local values = redis.pcall('HMGET', KEYS[1], unpack(names))
if values.err then
	return 0
end

local words = {}
for i, name in ipairs(names) do
	local slice, _, rest = string.match(values[i] or '', '^(%d+) (%d+)( .*)$')
	local age, left, sum, kept = 0, counts[i][1], 0, {}
	for one in string.gmatch(rest or '', ' (%d+)') do
		one = tonumber(one)
		if slice - age <= counts[i][2] then
			local less = math.min(one, left)
			one, left = one - less, left - less
		end
		kept[#kept + 1], sum = string.format('%.0f', one), sum + one
		age = age + 1
	end
	if left < counts[i][1] then
		words[#words + 1] = name
		words[#words + 1] = string.format('%s %.0f %s', slice, sum,
			table.concat(kept, ' '))
	end
end
if #words > 0 then
	redis.call('HSET', KEYS[1], unpack(words))
end
return #words / 2
