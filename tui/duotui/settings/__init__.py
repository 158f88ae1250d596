"""The settings of the user and of the parents: one schema, one file."""
