"""Where tokens come from: the engine program, and the simulated Duo that runs it here."""
