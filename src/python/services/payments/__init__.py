"""Charges and voids: each order is charged at most once, and a cancelled one not at all."""
