"""The real servers, for services with their stores."""

from real_servers import database_url, kafka_url, postgres_url, unique, valkey_url

__all__ = ["database_url", "kafka_url", "postgres_url", "unique", "valkey_url"]
