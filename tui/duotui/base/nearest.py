"""The word that was probably meant: the nearest of those that exist. Pure."""

import difflib
from collections.abc import Iterable

from duotui.base.translation import gettext as _

SIMILARITY = 0.6
"""Least ratio of equal characters (difflib's); under it a suggestion would be a guess."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the word of `known` that is most like `word`, or "" if none is like it."""
    names = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), names, n=1, cutoff=SIMILARITY)
    return names[found[0]] if found else ""


def hint_for(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return the hint of an error for a mistyped `word`: the nearest one, or `otherwise`."""
    meant = nearest(word, known)
    return _("did you mean {word}?", word=meant) if meant else otherwise
