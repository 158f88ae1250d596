"""README.md, docs/ and the other pages name only files, links and make targets that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.pages import PAGES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = (".ci", ".github", "docs", "firmware", "native", "tests", "themes", "tui")

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
FILE = re.compile(r"`([\w./-]+\.(?:c|h|json|lock|py|rules|sh|toml|yml))`")
TARGET = re.compile(r"(?:^    |`)make ([a-z][a-z-]*)", re.MULTILINE)

ELSEWHERE = re.compile(r"^/|^config\.toml$|^verdict\.json$|NAME")
"""Files of a board or of a user, and placeholders."""


def repository_files() -> list[str]:
    """Paths of the files, each with a slash before it, except builds."""
    paths = [f"/{path.name}" for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                paths.append(f"/{path.relative_to(ROOT).as_posix()}")
    return [path for path in paths if not path.startswith("/native/build/")]


REPOSITORY_FILES = repository_files()
MAKE_TARGETS = set(
    re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
)


def missing(page: str, folder: Path) -> list[str]:
    """References of `page` that do not exist. Its links are relative to `folder`."""
    links = [
        link for link in LINK.findall(page) if "://" not in link and not (folder / link).exists()
    ]
    files = [
        name
        for name in FILE.findall(page)
        if not ELSEWHERE.search(name)
        and not any(path.endswith(f"/{name}") for path in REPOSITORY_FILES)
    ]
    targets = [f"make {name}" for name in TARGET.findall(page) if name not in MAKE_TARGETS]
    return links + files + targets


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_what_exists(name: str) -> None:
    path = ROOT / name
    assert missing(path.read_text("utf-8"), path.parent) == []


@pytest.mark.parametrize(
    "page",
    [
        "[a page](docs/nowhere.md)",
        "![](docs/nowhere.svg)",
        "[a heading](nowhere.md#heading)",
        "`core/nowhere.py`",
        "`ine.py`",
        "`make nowhere`",
        "    make nowhere    a target",
    ],
)
def test_what_does_not_exist_is_found(page: str) -> None:
    assert len(missing(page, ROOT)) == 1
