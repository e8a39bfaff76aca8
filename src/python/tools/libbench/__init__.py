"""Each lib of the chassis beside its peers."""
