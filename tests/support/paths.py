"""Paths in the repository that tests read from."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
VECTORS = TESTS / "vectors"
NATIVE_TESTS = TESTS / "native"
"""Folder of the tests' C sources."""
