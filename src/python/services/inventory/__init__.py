"""The stock of every sale: holds, reservations and what is sold."""
