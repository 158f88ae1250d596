"""Environment of a Python program whose imports a test looks at."""

import os


def without_coverage() -> dict[str, str]:
    """This process's environment without what has coverage measure a child. Coverage imports
    modules of its own there first."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
