-- ARGV: 'loading:<token>', milliseconds until this load is given up.
-- Returns 1, or 0 if the sale is loaded or being loaded.
if redis.call('EXISTS', STATE) == 1 then return 0 end
redis.call('UNLINK', AVAILABLE, STOCK, CAPS, CUSTOMERS, ORDERS, DEADLINES)
redis.call('SET', STATE, ARGV[1], 'PX', ARGV[2])
return 1
