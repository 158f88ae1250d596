"""The targets of a session: a board, the simulated Duo, the virtual Duo. Also the engine's program
and the models."""
