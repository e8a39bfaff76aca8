-- ARGV: milliseconds to the deadline, most holds to lapse, then (order, sku, customer, quantity) tuples.
-- Returns one outcome per tuple, or nil if the sale is not loaded.
local function refusal(order, sku, customer, quantity)
  if order.state == 'x' then return 'released' end
  local available = redis.call('HGET', AVAILABLE, sku)
  if not available then return 'unknown_item' end
  local has = tonumber(redis.call('HGET', CUSTOMERS, customer .. '|' .. sku) or '0')
  if has + quantity > tonumber(redis.call('HGET', CAPS, sku)) then return 'customer_cap' end
  if quantity > tonumber(available) then return 'sold_out' end
  return 'held'
end

if redis.call('GET', STATE) ~= 'loaded' then return false end
local now = now_ms()
lapse(now, ARGV[2])
local deadline = now + tonumber(ARGV[1])
local outcomes = {}
for i = 3, #ARGV, 4 do
  local order_id, sku, customer, quantity = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  local order = order_of(order_id)
  local outcome = 'held'
  if order.state ~= 'r' then
    -- Asked again, perhaps for something else: the old hold is given back before the decision.
    if order.state == 'h' then
      give_back(order_id, order)
      order = {state = ''}
    end
    outcome = refusal(order, sku, customer, quantity)
    if outcome == 'held' then
      take(order_id, 'h', sku, customer, quantity)
      redis.call('ZADD', DEADLINES, deadline, order_id)
    end
  end
  outcomes[#outcomes + 1] = outcome
end
return outcomes
