"""A Linux shell at the other end of a line: what state it is in, logging in, running commands."""
