-- What one sale keeps, and how its orders move. Prefix of every script.
--
-- An order is none -> held -> reserved -> released, and may skip steps forwards. A hold that lapses
-- leaves nothing behind, so the order is none again. Released is final: whatever arrives late is ignored.
--
-- STATE      'loading:<token>' (expires), then 'loaded'
-- AVAILABLE  sku -> units that nobody holds or has; negative where the ledger gave what was held
-- STOCK      sku -> units of the sale
-- CAPS       sku -> units that one customer may have
-- CUSTOMERS  customer|sku -> units held or reserved
-- ORDERS     order -> 'h|quantity|customer|sku' held, 'r|...' reserved, 'x' released
-- DEADLINES  held order -> when it lapses, in milliseconds
local STATE, AVAILABLE, STOCK, CAPS, CUSTOMERS, ORDERS, DEADLINES = unpack(KEYS)

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function parsed(entry)
  if not entry then return {state = ''} end
  if entry == 'x' then return {state = 'x'} end
  local state, quantity, customer, sku = string.match(entry, '^(%a)|(%d+)|([^|]*)|(.*)$')
  return {state = state, quantity = tonumber(quantity), customer = customer, sku = sku}
end

local function order_of(order_id)
  return parsed(redis.call('HGET', ORDERS, order_id))
end

local function entry_of(state, sku, customer, quantity)
  return state .. '|' .. quantity .. '|' .. customer .. '|' .. sku
end

local function take(order_id, state, sku, customer, quantity)
  redis.call('HINCRBY', AVAILABLE, sku, -quantity)
  redis.call('HINCRBY', CUSTOMERS, customer .. '|' .. sku, quantity)
  redis.call('HSET', ORDERS, order_id, entry_of(state, sku, customer, quantity))
end

local function give_back(order_id, order)
  if order.state == 'h' then redis.call('ZREM', DEADLINES, order_id) end
  if not order.sku then return end
  redis.call('HINCRBY', AVAILABLE, order.sku, order.quantity)
  local owner = order.customer .. '|' .. order.sku
  if redis.call('HINCRBY', CUSTOMERS, owner, -order.quantity) <= 0 then
    redis.call('HDEL', CUSTOMERS, owner)
  end
  redis.call('HDEL', ORDERS, order_id)
end

local function lapse(now, limit)
  local late = redis.call('ZRANGEBYSCORE', DEADLINES, '-inf', now, 'LIMIT', 0, limit)
  for _, order_id in ipairs(late) do
    give_back(order_id, order_of(order_id))
  end
  return #late
end

-- Settles one order. A hold that becomes what was held moves no counter.
local function settle_order(order_id, target, sku, customer, quantity)
  local entry = redis.call('HGET', ORDERS, order_id)
  if target == 'r' and entry == entry_of('h', sku, customer, quantity) then
    redis.call('ZREM', DEADLINES, order_id)
    redis.call('HSET', ORDERS, order_id, entry_of('r', sku, customer, quantity))
    return
  end
  local order = parsed(entry)
  if order.state == 'x' or order.state == target then return end
  give_back(order_id, order)
  if target == 'r' then
    take(order_id, 'r', sku, customer, quantity)
  else
    redis.call('HSET', ORDERS, order_id, 'x')
  end
end

-- Settles (order, 'r' or 'x', sku, customer, quantity) tuples from ARGV[first] on.
local function settle(first)
  for i = first, #ARGV, 5 do
    settle_order(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4]))
  end
end
