"""The shop and the real servers that it needs, started from pinned packages."""
