"""Foundations of every package: errors, clock, cache, resources, the operating system."""
