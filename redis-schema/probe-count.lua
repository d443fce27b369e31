-- probe-count: note what a network tried in vain, and sum up its window.
--
-- KEYS  1 the probes                            (README.md has their fields)
-- ARGV  1 now            wall clock of the asker, milliseconds since 1970
--       2 window         milliseconds, counted in twelve slices
--       3 unknown users  to add
--       4 relay attempts to add                 (both 0: nothing is written)
-- Gives { unknown users, relay attempts } of the window, these included
--
-- A slice that lies in the future (somebody's clock was set back) counts as
-- the current one. Slices of another width (the window was changed) are gone.

local now, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local unknown, relay = tonumber(ARGV[3]), tonumber(ARGV[4])
local is_new = unknown + relay > 0
local HOUR, SLICES, MOST = 3600000, 12, 1000000

local width = math.ceil(window / SLICES)
local current = math.floor(now / width)
local value = redis.call('MGET', KEYS[1])[1]
local was, slices = string.match(value or '', '^w=(%d+)(.*)$')

local older, older_unknown, older_relay = '', 0, 0
if was and tonumber(was) == width then
	for slice, u, r in string.gmatch(slices, ' (%d+):(%d+):(%d+)') do
		if tonumber(slice) >= current then
			unknown, relay = unknown + u, relay + r
		elseif tonumber(slice) > current - SLICES then
			older = string.format('%s %s:%s:%s', older, slice, u, r)
			older_unknown = older_unknown + u
			older_relay = older_relay + r
		end
	end
end
unknown, relay = math.min(unknown, MOST), math.min(relay, MOST)

if is_new then
	redis.call('SET', KEYS[1], string.format('w=%.0f%s %.0f:%.0f:%.0f',
		width, older, current, unknown, relay), 'PX', window + HOUR)
end
return { math.min(unknown + older_unknown, MOST),
	math.min(relay + older_relay, MOST) }
