"""Names of the metadata that calls carry."""

CORRELATION_ID = "x-request-id"
"""The same name as the HTTP header that the gateway sets."""
