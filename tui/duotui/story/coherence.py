"""Coherence of a story's sentences: a small model repeats itself, and confuses who acts on whom.

The measures are cheap, and need no model: words alone. docs/performance.md has what they catch, and
how often they refuse a sentence of a person.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

SHORT_WORDS = 4
"""Words of a sentence that may come again: "Yes, please!"."""

SPAN_WORDS = 4
"""Words between a subject and the same noun as an object, at most."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ARTICLES = frozenset({"the", "a", "an"})
_POSSESSIVES = frozenset({"his", "her", "its", "their", "my", "your", "our"})
_CLAUSE = re.compile(
    r"[,;:.!?\"]|\b(?:and|but|or|so|because|when|while|if|that|who|which|where|as|than|like|of"
    r"|was|were|is|are|named|called|said|other|another|after|before|until|then|every|next)\b",
    re.IGNORECASE,
)
"""Marks and words after which the same noun may stand again."""


def incoherent(sentence: str, told: Sequence[str]) -> bool:
    """Say whether `sentence` repeats one of `told`, or lets a subject act on itself."""
    return repeats(sentence, told) or acts_on_itself(sentence)


def repeats(sentence: str, told: Sequence[str]) -> bool:
    """Say whether `sentence` has the words of an earlier one, and more than SHORT_WORDS."""
    words = _words(sentence)
    return len(words) > SHORT_WORDS and any(words == _words(earlier) for earlier in told)


def acts_on_itself(sentence: str) -> bool:
    """Say whether a clause has one noun as its subject and as its object: "The butterfly flew to
    the butterfly", "Lily hugged Lily"."""
    return any(_clause_acts_on_itself(clause) for clause in _CLAUSE.split(sentence))


def _clause_acts_on_itself(clause: str) -> bool:
    words = _WORD.findall(clause)
    if len(words) < 3:
        return False
    if words[0].lower() in _ARTICLES:
        return _has_again(words[1], words[2:], _ARTICLES)
    # the first word of a sentence is capitalised too: a name has no article before it
    if words[0][0].isupper() and words[0].lower() not in _POSSESSIVES:
        return _name_has_again(words[0], words[1:])
    return False


def _has_again(noun: str, rest: list[str], articles: frozenset[str]) -> bool:
    """Say whether an article and `noun` follow a verb, within SPAN_WORDS words."""
    pairs = list(pairwise(rest))[1 : SPAN_WORDS + 1]
    return any(
        article.lower() in articles and again.lower() == noun.lower() for article, again in pairs
    )


def _name_has_again(name: str, rest: list[str]) -> bool:
    return len(name) > 1 and name in rest[1 : SPAN_WORDS + 1]


def _words(sentence: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(sentence)]
