"""Filter for sentences shown and spoken to a child, and for the child's name.

Unfit words are listed in data/story/unfit.txt, which describes its format. A word list blocks
words, not meanings.
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
"""Repetitions of a word in a row that make a sentence unfit."""

NAME_CHARACTERS, NAME_WORDS = 20, 2
TYPED_LIMIT = 100
"""Characters of a typed name that are checked."""

_LETTERS = re.compile(r"[^\W\d_]+")
_WORD_OR_STOP = re.compile(r"[^\W\d_]+|[.,;:!?]")
_SPELT = re.compile(r"(?<!\S)(?:\S\s+)+\S(?!\S)")
_REPLACEMENT_CHARACTER = "\ufffd"
_APOSTROPHES = str.maketrans("’‘ʼ`´‐‑–—", "'''''----")
_DISGUISES = tuple(str.maketrans("0134578@$!€|", read) for read in ("oieastbasiei", "oleastbaslel"))
"""Digits and signs that can stand for letters; 1 for i or l."""


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """Refuses whole `words` (lower case), any word that contains one of `parts`, and `phrases`
    (words separated by spaces). Text inside one of `innocents` is never refused."""

    words: frozenset[str]
    parts: tuple[str, ...]
    phrases: tuple[str, ...]
    innocents: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a list in the format of data/story/unfit.txt."""
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
        """The unfit words and phrases in `sentence`."""
        padded = f" {' '.join(_WORD_OR_STOP.findall(sentence.casefold()))} "
        for innocent in self.innocents:
            padded = padded.replace(f" {innocent} ", " , ")
        words = [word for word in padded.split() if self._refused(word)]
        return (*words, *(phrase for phrase in self.phrases if f" {phrase} " in padded))

    def fit(self, sentence: str) -> bool:
        """True if `sentence` may be shown. Text without a letter, with unprintable characters, or
        with REPEATED_WORDS_LIMIT equal words in a row is unfit too."""
        words = _words(sentence)
        return (
            bool(words)
            and sentence.isprintable()
            and _REPLACEMENT_CHARACTER not in sentence
            and not _repeats(words)
            and not self.unfit(sentence)
        )

    def name(self, text: str) -> str:
        """A child's name from typed text: at most NAME_WORDS words of letters of any script and
        NAME_CHARACTERS characters; "" if nothing fit is left.

        Unfit words are refused even with digits for letters, doubled letters, or spaces between
        letters. Most are refused only as whole words: Cassie, Killian, Akshita are names."""
        text = text[:TYPED_LIMIT]
        if self._disguised(text):
            return ""
        letters = "".join(c for c in _composed(text) if _in_name(c) or c.isspace())
        words = [word for word in map(_trimmed, letters.split()) if word]
        short = _trimmed(" ".join(words[:NAME_WORDS])[:NAME_CHARACTERS])
        titled = _composed(" ".join(map(_titled, short.split())))
        name = _trimmed(titled[:NAME_CHARACTERS])
        return "" if self._disguised(name) or self.unfit(name) else name

    def _disguised(self, text: str) -> bool:
        return any(map(self._refused, chain(*(_readings(text, table) for table in _DISGUISES))))

    def _refused(self, word: str) -> bool:
        return word in self.words or any(part in word for part in self.parts)


@cache
def content_filter() -> ContentFilter:
    """The filter of data/story/unfit.txt."""
    return ContentFilter.parse(UNFIT_WORDS_FILE.read_text("utf-8"))


def inflections(word: str) -> frozenset[str]:
    """Inflections of `word` as a verb and a noun, and its agent noun; some are not English."""
    stem = word
    if word.endswith("e"):
        stem = word[:-1]
    elif re.search(r"[^aeiou]y$", word):
        stem = word[:-1] + "i"
    sibilant = re.search(r"(s|x|z|ch|sh)$", word) is not None or stem.endswith("i")
    forms = {word, word + "s", word + "ing", stem + "ed", stem + "er", stem + "ers"}
    forms |= {stem + "es"} if sibilant else set()
    forms |= {stem + "ing"} if word.endswith("e") else set()
    if re.search(r"[^aeiou][aeiou][bdgkmnprt]$", word):
        forms |= {word + word[-1] + ending for ending in ("ed", "ing", "er", "ers")}
    return frozenset(forms)


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
    """Words that a reader may see in `text`, with and without repeated letters. They are its
    words, all of it as one word, and each run of three or more single letters."""
    plain = _bare(_composed(text).casefold()).translate(disguises)
    letters = "".join(c for c in plain if c.isalpha() or c.isspace())
    words = [*letters.split(), *_words(plain), "".join(letters.split())]
    for run in _SPELT.findall(letters):
        spelt = "".join(run.split())
        words += [spelt[a:b] for a in range(len(spelt)) for b in range(a + 3, len(spelt) + 1)]
    for word in words:
        yield word
        once = re.sub(r"(.)\1+", r"\1", word)
        if len(once) > 3:  # Gunn is a name, and must not become gun
            yield once
        yield re.sub(r"(.)\1{2,}", r"\1\1", word)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)


def _bare(text: str) -> str:
    """Remove the accents of `text`."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _in_name(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in "-'"


def _trimmed(word: str) -> str:
    """Cut `word` before its first letter, and trailing hyphens, apostrophes and spaces."""
    start = next((at for at, c in enumerate(word) if c.isalpha()), len(word))
    return word[start:].rstrip("-' ")


def _titled(word: str) -> str:
    """Capitalise a name: Lily from lily and LILY, Mary-Jane, O'Neil; McDonald stays."""
    if word[0].isupper() and not word.isupper():
        return word
    return re.sub(r"^\w|(?<=[-'])\w(?=\w)", lambda match: _capital(match[0]), _small(word))


def _small(word: str) -> str:
    return "".join(small if len(small := c.lower()) == 1 else c for c in word)


def _capital(letter: str) -> str:
    """Capitalise `letter`, unless its capital is two letters, as of \u00df."""
    return capital if len(capital := letter.upper()) == 1 else letter
