"""Favourites: saved stories that are read again word for word, a line of JSON each.

A line that cannot be read stays in the file: another version of duotui may read it, or the user
may repair it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from duotui.base.files import atomic_write, read_bytes, reason
from duotui.base.parsing import parse_json
from duotui.base.translation import gettext as _

FAVOURITES_FILE = "favourites.jsonl"

FAVOURITES_LIMIT = 99
"""Favourites in the file; one more replaces the oldest."""

FAVOURITES_LIMIT_BYTES = 16 << 20
"""Bytes of the file at most."""


@dataclass(frozen=True, slots=True)
class FavouriteStory:
    """`choice` maps row to card key; `seed`, `mode` and `model_hash` are those of the run."""

    title: str
    choice: Mapping[str, str]
    sentences: tuple[str, ...]
    seed: int
    mode: str
    model_hash: str
    when: datetime


class Favourites:
    """No method raises. If the file cannot be read or written, the favourites stay in memory and
    `trouble` holds the reason, a line for adults."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""
        self._unsaved: list[bytes] | None = None
        self._read_only = False

    def all(self) -> tuple[FavouriteStory, ...]:
        """Favourites, the newest first."""
        stories = [read(line) for line in reversed(self._lines())]
        return tuple(story for story in stories if story)

    def __contains__(self, story: FavouriteStory) -> bool:
        return any(kept.sentences == story.sentences for kept in self.all())

    def add(self, story: FavouriteStory) -> None:
        """Add `story`, unless its text is already there."""
        if story in self:
            return
        lines = [*self._lines(), write(story)]
        readable = [at for at, line in enumerate(lines) if read(line)]
        dropped = set(readable[:-FAVOURITES_LIMIT])
        self._save([line for at, line in enumerate(lines) if at not in dropped])

    def remove(self, story: FavouriteStory) -> None:
        lines = self._lines()
        remaining = [
            line
            for line in lines
            if (kept := read(line)) is None or kept.sentences != story.sentences
        ]
        if remaining != lines:
            self._save(remaining)

    def _lines(self) -> list[bytes]:
        """Lines of the file, the oldest first, or the unsaved lines if there are any."""
        if self._unsaved is not None:
            return self._unsaved
        try:
            return [
                line
                for line in read_bytes(self.path, FAVOURITES_LIMIT_BYTES).split(b"\n")
                if line.strip()
            ]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.trouble = _("the favourites cannot be read: {error}", error=reason(error))
            self._unsaved, self._read_only = [], True
            return self._unsaved

    def _save(self, lines: list[bytes]) -> None:
        if self._read_only:  # the unreadable file may be intact: do not overwrite it
            self._unsaved = lines
            return
        try:
            atomic_write(self.path, b"".join(line + b"\n" for line in lines))
        except OSError as error:
            self._unsaved = lines
            self.trouble = _("the favourites cannot be written: {error}", error=reason(error))
        else:
            self._unsaved, self.trouble = None, ""


def write(story: FavouriteStory) -> bytes:
    value = {field.name: getattr(story, field.name) for field in fields(story)}
    value |= {"choice": dict(story.choice), "when": story.when.isoformat()}
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def read(line: bytes) -> FavouriteStory | None:
    """Parse `line`; None if this version cannot read it."""
    try:
        value = parse_json(line)
        sentences, seed = value.pop("sentences"), value.pop("seed")
        if type(sentences) is not list or not sentences or type(seed) is not int:
            return None
        sentences = tuple(_text(sentence) for sentence in sentences)
        choice = {_text(key): _text(card) for key, card in value.pop("choice").items()}
        when = datetime.fromisoformat(value.pop("when"))
        texts = {name: _text(text) for name, text in value.items()}
        return FavouriteStory(choice=choice, sentences=sentences, seed=seed, when=when, **texts)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _text(value: Any) -> str:  # noqa: ANN401
    """Return `value`. Raises TypeError if it is not a str, ValueError if it is not valid UTF-8."""
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode()
    return value
