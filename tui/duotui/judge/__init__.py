"""Is it the same story? Pure comparisons of what was told."""
