-- Returns the available units and the stock, each as a flat list of sku and units; nil if not loaded.
if redis.call('GET', STATE) ~= 'loaded' then return false end
return {redis.call('HGETALL', AVAILABLE), redis.call('HGETALL', STOCK)}
