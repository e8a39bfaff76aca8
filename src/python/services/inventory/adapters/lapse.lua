-- ARGV: most holds to lapse. Returns how many lapsed.
if redis.call('GET', STATE) ~= 'loaded' then return 0 end
return lapse(now_ms(), ARGV[1])
