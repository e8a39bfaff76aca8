"""The real servers, for the examples that need one."""

from real_servers import database_url, postgres_url, unique, valkey_url

__all__ = ["database_url", "postgres_url", "unique", "valkey_url"]
