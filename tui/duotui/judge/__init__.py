"""A judge session: runs of one board, from the first look at the machine to the verdict."""
