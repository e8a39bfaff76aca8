"""A flash sale on the whole system, and the proof from the stores that it kept its promises."""
