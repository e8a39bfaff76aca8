-- ARGV: 'loading:<token>', then (sku, stock, cap) tuples. Returns 1, or 0 if the load was overtaken.
if redis.call('GET', STATE) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 3 do
  -- Added, not set: orders loaded and settled meanwhile are already subtracted.
  redis.call('HINCRBY', AVAILABLE, ARGV[i], ARGV[i + 1])
  redis.call('HSET', STOCK, ARGV[i], ARGV[i + 1])
  redis.call('HSET', CAPS, ARGV[i], ARGV[i + 2])
end
redis.call('SET', STATE, 'loaded')
return 1
