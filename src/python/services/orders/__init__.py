"""Orders, and the checkout saga that takes each to its end."""
