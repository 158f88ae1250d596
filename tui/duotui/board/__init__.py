"""A Linux shell at the other end of a port: what it is, what it needs, what is wrong with it."""
