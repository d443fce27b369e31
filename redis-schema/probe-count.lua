-- probe-count: note what a network tried in vain, and sum up its window.
--
-- KEYS  1 the probes                            (README.md has their fields)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 window         milliseconds, counted in twelve slices
--       3 unknown users  to add
--       4 relay attempts to add
--       5 hang-ups       to add              (all 0: nothing is written)
-- Gives { unknown users, relay attempts, hang-ups } of the window, these
--         included
--
-- A slice that lies in the future (somebody's clock was set back) counts as
-- the current one. Slices of another width (the window was changed) are gone.

local now, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local new = { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) }
local is_new = new[1] + new[2] + new[3] > 0
local HOUR, SLICES, MOST = 3600000, 12, 1000000

local width = math.ceil(window / SLICES)
local current = math.floor(now / width)
local value = redis.call('MGET', KEYS[1])[1]
local was, slices = string.match(value or '', '^w=(%d+)(.*)$')

local older, sums = '', { 0, 0, 0 }
if was and tonumber(was) == width then
	for slice, counts in string.gmatch(slices, ' (%d+):([%d:]+)') do
		local is_older = tonumber(slice) > current - SLICES and
			tonumber(slice) < current
		local to = tonumber(slice) >= current and new or
			is_older and sums
		local i = 1
		for count in string.gmatch(counts, '%d+') do
			if to and i <= 3 then
				to[i] = to[i] + count
			end
			i = i + 1
		end
		if is_older then
			older = string.format('%s %s:%s', older, slice, counts)
		end
	end
end
for i = 1, 3 do
	new[i] = math.min(new[i], MOST)
	sums[i] = math.min(sums[i] + new[i], MOST)
end

if is_new then
	redis.call('SET', KEYS[1], string.format('w=%.0f%s %.0f:%.0f:%.0f:%.0f',
		width, older, current, new[1], new[2], new[3]), 'PX',
		window + HOUR)
end
return sums
