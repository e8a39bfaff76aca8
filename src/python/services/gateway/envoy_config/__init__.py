"""Envoy's resources, compiled from the route table: pure functions from our types to Envoy's JSON."""
