"""How the catalogue is asked."""
