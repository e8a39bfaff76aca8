"""The synchronous chain that most teams write: one service calls the next, and the customer waits."""
