"""What the user and the parents have settled: one schema, one file."""
