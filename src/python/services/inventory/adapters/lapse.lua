-- ARGV: most holds to lapse. Returns how many lapsed; nil if the sale is not loaded.
if redis.call('GET', STATE) ~= 'loaded' then return false end
return lapse(now_ms(), ARGV[1])
