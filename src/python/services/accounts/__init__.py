"""Who buys: sign-up, sign-in, sessions, and the keys that verify access tokens."""
