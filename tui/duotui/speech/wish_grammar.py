"""The grammar of a child's wishes, made of the cards. Pure.

The same sentences give the JSGF for pocketsphinx and the parser of the recognized words.
"""

import re
from collections.abc import Mapping, Sequence

Vocabulary = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Slot -> key -> its phrases. The slots are SLOTS."""

ALONE_SUFFIX = "_alone"
"""Suffix of a slot whose phrases are a wish on their own. A grammar matches noise, and more of it
the fewer words it requires: so "kitten house" is not understood."""

SLOTS = ("who", "where", "what", "command", "who_alone", "where_alone", "what_alone")

A_STORY = "[please] [[tell me | i want] a story about | i want]"

SENTENCES = (
    f"{A_STORY} <who> [<where>] [[who | that | and] <what>]",
    f"{A_STORY} (<who_alone> | <where_alone> | <what_alone>)",
    "[please] [[tell me | i want] a story] (<where> | <what>)",
    "[please] <command>",
)
"""Sentences of the grammar, as JSGF; the slots are rules."""


class Grammar:
    """The grammar of a vocabulary. Raises ValueError if a slot is none of SLOTS, or two of its keys
    have the same phrase. A phrase is plain words in small letters."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        if unknown := set(vocabulary) - set(SLOTS):
            raise ValueError(f"no slots: {', '.join(sorted(unknown))}")
        self._keys = {slot: _keys(vocabulary.get(slot, {})) for slot in SLOTS}
        # JSGF has no empty rule: <VOID> never matches
        self._rules = {slot: " | ".join(keys) or "<VOID>" for slot, keys in self._keys.items()}
        self._shapes = [re.compile(self._shape(sentence)) for sentence in SENTENCES]

    @property
    def jsgf(self) -> str:
        rules = [f"<{slot}> = {rule};" for slot, rule in self._rules.items()]
        wish = f"public <wish> = {' | '.join(f'({sentence})' for sentence in SENTENCES)};"
        return "\n".join(("#JSGF V1.0;", "grammar wishes;", *rules, wish, ""))

    @property
    def words(self) -> frozenset[str]:
        """Every word of the grammar."""
        every = " ".join((*SENTENCES, *self._rules.values()))
        return frozenset(re.findall(r"[a-z']+", re.sub(r"<\w+>", " ", every)))

    def slots(self, words: str) -> dict[str, str] | None:
        """Return the key of each slot in `words`; None if they are no sentence of the grammar."""
        for shape in self._shapes:
            if match := shape.fullmatch(f"{words} "):
                spoken = {slot: words for slot, words in match.groupdict().items() if words}
                return {
                    slot.removesuffix(ALONE_SUFFIX): self._keys[slot][words.strip()]
                    for slot, words in spoken.items()
                }
        return None

    def _shape(self, expansion: str) -> str:
        """Return JSGF as a regular expression, in which a space follows every word."""
        parts = []
        for token in re.findall(r"<\w+>|[a-z']+|[][|()]", expansion):
            match token:
                case "[":
                    parts.append("(?:")
                case "]":
                    parts.append(")?")
                case "(":
                    parts.append("(?:")
                case ")" | "|":
                    parts.append(token)
                case "<VOID>":
                    parts.append("(?!)")
                case rule if rule.startswith("<"):
                    slot = rule.strip("<>")
                    parts.append(f"(?P<{slot}>{self._shape(self._rules[slot])})")
                case word:
                    parts.append(f"{word} ")
        return "".join(parts)


def _keys(forms: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Map each phrase to its key."""
    keys: dict[str, str] = {}
    for key, phrases in forms.items():
        for form in phrases:
            if not re.fullmatch(r"[a-z']+( [a-z']+)*", form):
                raise ValueError(f"{form!r} is not plain words in small letters")
            if keys.setdefault(form, key) != key:
                raise ValueError(f"{form!r} is said for {keys[form]} and for {key}")
    return keys
