"""The drawings beside a story, and how they are made large."""
