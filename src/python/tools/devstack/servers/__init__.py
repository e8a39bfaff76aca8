"""One module per server: how to fetch, configure and launch it, and how to know that it is ready."""
