-- Returns how many orders are held, and the available units as a flat list of sku and units; nil if not loaded.
if redis.call('GET', STATE) ~= 'loaded' then return false end
return {redis.call('ZCARD', DEADLINES), redis.call('HGETALL', AVAILABLE)}
