"""Sentences read aloud, and what a child says understood."""
