"""Targets that tell a story: a board, the simulated Duo, the virtual Duo; and the engine's
program."""
