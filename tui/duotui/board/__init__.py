"""The board's Linux shell: its probe, login, checks, installation and uploads."""
