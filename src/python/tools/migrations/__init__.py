"""Schemas that change under a running shop: the lint, the last release on the new schema, contract."""
