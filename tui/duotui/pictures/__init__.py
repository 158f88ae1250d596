"""The icons beside a story, and their enlargement."""
