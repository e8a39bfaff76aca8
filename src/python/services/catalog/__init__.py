"""Products and sales."""
