"""A payment provider to rehearse against: idempotent charges, and delays and faults to order."""
