"""What was told, as whole sentences: what may be shown, where it may stop, and what is given to the
engine to tell on from. Pure; what a sentence is, core/reading.py says."""

import re
from collections.abc import Iterator, Sequence

from duotui.protocol.sentence_splitter import sentences

FORCED_ENDING = "From that day on,"
NEXT_OPENING = "The next day,"
"""Beginnings that the engine is given after a recap. No space at their end: the engine's words
begin with their own. After the first the default model most often comes to its end within five
sentences; after "In the end," half as often."""

RECAP_LIMIT = 300
"""Characters of a story that are given to tell on from."""

_SENTENCE_END = re.compile(r"""[.!?…]["')\]’”]*$""")
_QUOTE = re.compile(r"""(?P<opens>“|(?<!\S)"(?=\S))|(?P<closes>”|(?<=\S)"(?!\w))|\"""")


def tidy(text: str) -> str:
    """`text` in one line, with one space between words."""
    return " ".join(text.split())


def whole_sentences(text: str, over: bool = False) -> tuple[str, ...]:
    """The whole sentences at the beginning of a text that is growing, tidy.

    What was given once stays as the text grows: the last sentence is there only if more than a
    space follows it, as `"Go!"` may become `"Go!" he said.` Where the text is `over`, its last
    sentence is there if it ends as one does."""
    found, end = [], 0
    for span in sentences(text):
        rest = text[span.end :]
        stopped = _SENTENCE_END.search(text[span.start : span.end]) is not None
        if rest.strip():
            finished = rest[0].isspace() and (stopped or "\n" in _gap(rest))
        else:
            finished = over and stopped
        if not finished:
            break
        # from the end of the one before: punctuation that is no sentence belongs to this one
        found.append(tidy(text[end : span.end]))
        end = span.end
    return tuple(found)


def complete_quotations(told: Sequence[str]) -> int:
    """How many of the sentences can be kept so that no quotation stays open."""
    return max((kept for kept, open_ in enumerate(_open_quotations(told)) if not open_), default=0)


def recap(told: Sequence[str], limit: int = RECAP_LIMIT) -> str:
    """The last sentences that fit in `limit` characters, beginning outside a quotation if they can.
    A last sentence that does not fit is cut where a word begins."""
    opened = list(_open_quotations(told))
    fitting = [at for at in range(len(told)) if len(" ".join(told[at:])) <= limit]
    if not fitting:
        tail = told[-1][-limit:] if told and limit > 0 else ""
        return tail.partition(" ")[2] or tail
    return " ".join(told[next((at for at in fitting if not opened[at]), fitting[0]) :])


def reminder(told: Sequence[str]) -> str:
    """Whom a story is about, and where it has come to: from its last sentences alone, a model knows
    that it is at its end, and tells no more."""
    return " ".join(told) if len(told) < 3 else " ".join((*told[:2], told[-1]))


def _gap(rest: str) -> str:
    """The space at the beginning of `rest`."""
    return rest[: len(rest) - len(rest.lstrip())]


def _open_quotations(told: Sequence[str]) -> Iterator[bool]:
    """Whether a quotation is open before each sentence, and after the last one.

    A quote that stands before a word opens, one that stands after it closes: so one that the
    engine forgot does not turn the rest of the story inside out."""
    is_open = False
    yield is_open
    for sentence in told:
        for quote in _QUOTE.finditer(sentence):
            is_open = bool(quote["opens"]) or (not quote["closes"] and not is_open)
        yield is_open
