"""Measures of runs: correctness, mean tok/s, the conditions that make them void. Pure."""
