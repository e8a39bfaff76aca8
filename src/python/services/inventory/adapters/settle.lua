-- ARGV: '' or the load's 'loading:<token>', milliseconds until that load is given up, then tuples to settle.
-- Returns 1, or 0 if the sale is not loaded (nor being loaded), or the load was overtaken.
local state = redis.call('GET', STATE)
if not state then return 0 end
if ARGV[1] ~= '' then
  if state ~= ARGV[1] then return 0 end
  redis.call('PEXPIRE', STATE, ARGV[2])
end
settle(3)
return 1
