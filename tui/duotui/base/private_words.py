"""Words that identify a user, and their removal from a text that is shared."""

import getpass
import os
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from duotui.base.log import without_secrets

SHORTEST = 3
"""Characters of the shortest word that is replaced: a shorter one is found in every text."""

COMMON = ("root", "localhost", "user", "duotui")
"""Names of users and computers that identify nobody."""


def private_words(own: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Return the words that identify this user, each with its replacement. `own` adds some."""
    words: dict[str, str] = {}
    with suppress(RuntimeError):  # there is no home
        home = Path.home()
        words |= {os.path.realpath(home): "~", str(home): "~"}
    with suppress(OSError, KeyError):  # a user without a name
        words[getpass.getuser()] = "USER"
    words[socket.gethostname()] = "HOST"
    words |= dict(own)
    return {
        word: stand_in
        for word, stand_in in words.items()
        if len(word) >= SHORTEST and word.lower() not in COMMON
    }


def without_private(text: str, words: Mapping[str, str]) -> str:
    """Return `text` with the replacement of each of `words`, longest first, and without secrets."""
    text = without_secrets(text)
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", words[word], text)
    return text
