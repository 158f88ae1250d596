"""Pages of prose: *.md at the top, and docs/."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
]
