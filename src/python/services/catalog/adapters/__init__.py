"""What the catalogue is kept in, and how it tells others."""
