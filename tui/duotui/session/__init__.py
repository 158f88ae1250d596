"""A session with a board and a baseline: its state, its recording, its replay."""
