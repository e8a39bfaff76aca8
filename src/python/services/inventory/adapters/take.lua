-- ARGV: milliseconds to the deadline, most holds to lapse, then (order, sku, customer, quantity) tuples.
-- Returns one outcome per tuple, or nil if the sale is not loaded.
--
-- What the orders of a call share is read once and written once: `left` and `caps` per sku are read at first
-- need, new holds are collected and written by write_holds().
local left, caps, taken = {}, {}, {}
local holds, deadlines = {}, {}

local function write_holds()
  if #holds == 0 then return end
  redis.call('HSET', ORDERS, unpack(holds))
  redis.call('ZADD', DEADLINES, unpack(deadlines))
  for sku, quantity in pairs(taken) do redis.call('HINCRBY', AVAILABLE, sku, -quantity) end
  holds, deadlines, taken = {}, {}, {}
end

local function read_item(sku)
  if left[sku] == nil then
    left[sku] = tonumber(redis.call('HGET', AVAILABLE, sku)) or false
    caps[sku] = tonumber(redis.call('HGET', CAPS, sku))
  end
end

local function hold(order_id, sku, owner, customer, quantity, deadline)
  redis.call('HINCRBY', CUSTOMERS, owner, quantity)
  left[sku] = left[sku] - quantity
  taken[sku] = (taken[sku] or 0) + quantity
  holds[#holds + 1] = order_id
  holds[#holds + 1] = entry_of('h', sku, customer, quantity)
  deadlines[#deadlines + 1] = deadline
  deadlines[#deadlines + 1] = order_id
end

local function decide(order, order_id, sku, customer, quantity, deadline)
  if order.state == 'r' then return 'held' end
  if order.state == 'x' then return 'released' end
  read_item(sku)
  if not left[sku] then return 'unknown_item' end
  local owner = customer .. '|' .. sku
  local has = tonumber(redis.call('HGET', CUSTOMERS, owner) or '0')
  if has + quantity > caps[sku] then return 'customer_cap' end
  if quantity > left[sku] then return 'sold_out' end
  hold(order_id, sku, owner, customer, quantity, deadline)
  return 'held'
end

-- Asked again, perhaps for something else: the old hold is given back before the decision.
local function give_hold_back(order_id, order)
  write_holds()
  give_back(order_id, order)
  left = {}
  return {state = ''}
end

if redis.call('GET', STATE) ~= 'loaded' then return false end
local now = now_ms()
lapse(now, ARGV[2])
local ids = {}
for i = 3, #ARGV, 4 do ids[#ids + 1] = ARGV[i] end
if #ids == 0 then return {} end
local entries = redis.call('HMGET', ORDERS, unpack(ids))
local outcomes, seen = {}, {}
for n, order_id in ipairs(ids) do
  local i = 4 * n - 1
  local order = parsed(entries[n])
  if seen[order_id] then
    write_holds()
    order = order_of(order_id)
  end
  seen[order_id] = true
  if order.state == 'h' then order = give_hold_back(order_id, order) end
  outcomes[n] = decide(
    order, order_id, ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), now + tonumber(ARGV[1])
  )
end
write_holds()
return outcomes
