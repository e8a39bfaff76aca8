-- ARGV: most holds to lapse, the latest deadline that a hold of now can have, in milliseconds from now.
-- Returns how many lapsed; nil if the sale is not loaded.
if redis.call('GET', STATE) ~= 'loaded' then return false end
local now = now_ms()
local latest = now + tonumber(ARGV[2])
-- Deadlines from before this server's clock went back.
for _, order_id in ipairs(redis.call('ZRANGEBYSCORE', DEADLINES, '(' .. latest, '+inf', 'LIMIT', 0, ARGV[1])) do
  redis.call('ZADD', DEADLINES, latest, order_id)
end
return lapse(now, ARGV[1])
