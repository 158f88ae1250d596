"""What may be shown and said to a child: sentences, and the child's name.

What is unfit is a list of words (data/story/unfit.txt, which says how it is written). A list is no
understanding: it keeps words away, not meanings.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Self

from duotui.base import resources

UNFIT_WORDS_FILE = resources.PACKAGE / "data" / "story" / "unfit.txt"

REPEATED_WORDS_LIMIT = 4
"""Times in a row that a word makes a sentence unfit."""

NAME_CHARACTERS, NAME_WORDS = 20, 2
TYPED_LIMIT = 100
"""Characters of what was typed for a name that are looked at."""

_LETTERS = re.compile(r"[^\W\d_]+")
_WORD_OR_STOP = re.compile(r"[^\W\d_]+|[.,;:!?]")
_SPELT = re.compile(r"(?<!\S)(?:\S\s+)+\S(?!\S)")
_REPLACEMENT_CHARACTER = "\ufffd"
_APOSTROPHES = str.maketrans("’‘ʼ`´‐‑–—", "'''''----")
_DISGUISES = tuple(str.maketrans("0134578@$!€|", read) for read in ("oieastbasiei", "oleastbaslel"))
"""Digits and signs that are read as letters; 1 as i or as l."""


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """`words` are refused, whole, in lower case, and whatever has one of `parts` in it; so are
    `phrases`, words with a space between them. None is where it is part of an innocent."""

    words: frozenset[str]
    parts: tuple[str, ...]
    phrases: tuple[str, ...]
    innocents: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """A list as data/story/unfit.txt is written."""
        words: set[str] = set()
        parts, phrases, innocents = [], [], []
        for entry in _entries(text):
            if entry.startswith("+"):
                innocents.append(entry[1:].strip())
            elif entry.startswith("*"):
                parts.append(entry[1:])
            elif " " in entry:
                phrases.append(entry.removeprefix("="))
            elif entry.startswith("="):
                words.add(entry[1:])
            else:
                words |= inflections(entry)
        return cls(frozenset(words), tuple(parts), tuple(phrases), tuple(innocents))

    def unfit(self, sentence: str) -> tuple[str, ...]:
        """The unfit words and phrases in it."""
        said = f" {' '.join(_WORD_OR_STOP.findall(sentence.casefold()))} "
        for innocent in self.innocents:
            said = said.replace(f" {innocent} ", " , ")
        found = [word for word in said.split() if self._refused(word)]
        return (*found, *(phrase for phrase in self.phrases if f" {phrase} " in said))

    def fit(self, sentence: str) -> bool:
        """Whether it may be shown. It may not either where it is no sentence at all: without a
        letter, with characters that are none, or with one word over and over again."""
        words = _words(sentence)
        return (
            bool(words)
            and sentence.isprintable()
            and _REPLACEMENT_CHARACTER not in sentence
            and not _repeats(words)
            and not self.unfit(sentence)
        )

    def name(self, text: str) -> str:
        """A child's name from what was typed: one or two words of letters of any script, at most
        20 characters; "" where nothing fit is left.

        Refused are unfit words, also with digits for letters, letters said twice, and spaces
        between them. Of most not as a part of a word: Cassie, Killian, Akshita are names."""
        text = text[:TYPED_LIMIT]
        if self._disguised(text):
            return ""
        kept = "".join(c for c in _composed(text) if _in_name(c) or c.isspace())
        words = [word for word in map(_trimmed, kept.split()) if word]
        short = _trimmed(" ".join(words[:NAME_WORDS])[:NAME_CHARACTERS])
        titled = _composed(" ".join(map(_titled, short.split())))
        name = _trimmed(titled[:NAME_CHARACTERS])
        return "" if self._disguised(name) else name

    def _disguised(self, text: str) -> bool:
        return any(map(self._refused, chain(*(_readings(text, table) for table in _DISGUISES))))

    def _refused(self, word: str) -> bool:
        return word in self.words or any(part in word for part in self.parts)


@cache
def content_filter() -> ContentFilter:
    """The one that comes with the program."""
    return ContentFilter.parse(UNFIT_WORDS_FILE.read_text("utf-8"))


def inflections(word: str) -> frozenset[str]:
    """`word` as a verb, a noun and who does it, and some more that no one says."""
    stem = word
    if word.endswith("e"):
        stem = word[:-1]
    elif re.search(r"[^aeiou]y$", word):
        stem = word[:-1] + "i"
    sibilant = re.search(r"(s|x|z|ch|sh)$", word) is not None or stem.endswith("i")
    made = {word, word + "s", word + "ing", stem + "ed", stem + "er", stem + "ers"}
    made |= {stem + "es"} if sibilant else set()
    made |= {stem + "ing"} if word.endswith("e") else set()
    if re.search(r"[^aeiou][aeiou][bdgkmnprt]$", word):
        made |= {word + word[-1] + ending for ending in ("ed", "ing", "er", "ers")}
    return frozenset(made)


def _entries(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for entry in line.partition("#")[0].split(","):
            if entry.strip():
                yield " ".join(entry.casefold().split())


def _words(text: str) -> list[str]:
    return _LETTERS.findall(text.casefold())


def _repeats(words: list[str]) -> bool:
    runs = zip(*(words[start:] for start in range(REPEATED_WORDS_LIMIT)), strict=False)
    return any(len(set(run)) == 1 for run in runs)


def _readings(text: str, disguises: Mapping[int, str | int]) -> Iterator[str]:
    """The words that somebody may read in `text`: its words, also without the letters that follow
    themselves, and all of it as one, also from and to any of its single letters."""
    plain = _bare(_composed(text).casefold()).translate(disguises)
    letters = "".join(c for c in plain if c.isalpha() or c.isspace())
    words = [*letters.split(), *_words(plain), "".join(letters.split())]
    for run in _SPELT.findall(letters):
        spelt = "".join(run.split())
        words += [spelt[a:b] for a in range(len(spelt)) for b in range(a + 3, len(spelt) + 1)]
    for word in words:
        yield word
        once = re.sub(r"(.)\1+", r"\1", word)
        if len(once) > 3:  # Gunn is a name
            yield once
        yield re.sub(r"(.)\1{2,}", r"\1\1", word)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)


def _bare(text: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _in_name(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in "-'"


def _trimmed(word: str) -> str:
    """From its first letter to its last."""
    start = next((at for at, c in enumerate(word) if c.isalpha()), len(word))
    return word[start:].rstrip("-' ")


def _titled(word: str) -> str:
    """Lily of lily and LILY, Mary-Jane, O'Neil; McDonald as it is."""
    if word[0].isupper() and not word.isupper():
        return word
    return re.sub(r"^\w|(?<=[-'])\w(?=\w)", lambda found: _capital(found[0]), _small(word))


def _small(word: str) -> str:
    return "".join(small if len(small := c.lower()) == 1 else c for c in word)


def _capital(letter: str) -> str:
    """A letter whose capital is two, such as \u00df, stays."""
    return capital if len(capital := letter.upper()) == 1 else letter
