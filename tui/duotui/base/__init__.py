"""What every package builds on: errors, clock, files, child processes, the operating system."""
