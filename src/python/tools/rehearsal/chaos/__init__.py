"""Faults on purpose: a seeded plan, and what carries it out on a running stack."""
