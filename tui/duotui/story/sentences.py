"""Whole sentences of generated text, quotations that stay open, and the context of the next part.

Pure. protocol/sentence_splitter.py defines a sentence."""

import re
from collections.abc import Iterator, Sequence

from duotui.protocol.sentence_splitter import sentences

FORCED_ENDING = "From that day on,"
NEXT_OPENING = "The next day,"
"""Beginnings of a part, after a recap in its prompt. No space at the end: generated tokens begin
with their own.

After FORCED_ENDING the default model most often ends its story within five sentences; after
"In the end," half as often."""

RECAP_LIMIT = 300
"""Characters of a story in the prompt of its next part."""

_SENTENCE_END = re.compile(r"""[.!?…]["')\]’”]*$""")
_QUOTE = re.compile(r"""(?P<opens>“|(?<!\S)"(?=\S))|(?P<closes>”|(?<=\S)"(?!\w))|\"""")


def tidy(text: str) -> str:
    """Put `text` on one line, with one space between words."""
    return " ".join(text.split())


def whole_sentences(text: str, over: bool = False) -> tuple[str, ...]:
    """The whole sentences at the beginning of a growing text, tidy.

    A sentence that was returned once does not change as the text grows. The last sentence is
    returned only if more than a space follows it: `"Go!"` may become `"Go!" he said`, for example.
    If the text is `over`, its last sentence needs only an end mark."""
    result, end = [], 0
    for span in sentences(text):
        rest = text[span.end :]
        stopped = _SENTENCE_END.search(text[span.start : span.end]) is not None
        if rest.strip():
            finished = rest[0].isspace() and (stopped or "\n" in _gap(rest))
        else:
            finished = over and stopped
        if not finished:
            break
        # start at the end of the sentence before: punctuation between belongs to this one
        result.append(tidy(text[end : span.end]))
        end = span.end
    return tuple(result)


def complete_quotations(story: Sequence[str]) -> int:
    """The largest number of leading sentences after which no quotation is open."""
    return max((kept for kept, open_ in enumerate(_open_quotations(story)) if not open_), default=0)


def recap(story: Sequence[str], limit: int = RECAP_LIMIT) -> str:
    """The last sentences that fit in `limit` characters, starting outside a quotation if possible.
    If the last sentence alone does not fit, its start is cut off at a word boundary."""
    opened = list(_open_quotations(story))
    fitting = [at for at in range(len(story)) if len(" ".join(story[at:])) <= limit]
    if not fitting:
        tail = story[-1][-limit:] if story and limit > 0 else ""
        return tail.partition(" ")[2] or tail
    return " ".join(story[next((at for at in fitting if not opened[at]), fitting[0]) :])


def reminder(story: Sequence[str]) -> str:
    """The first two sentences and the last one, to continue an ended story: after its last
    sentences alone a model ends it again at once."""
    return " ".join(story) if len(story) < 3 else " ".join((*story[:2], story[-1]))


def _gap(rest: str) -> str:
    """Leading white space of `rest`."""
    return rest[: len(rest) - len(rest.lstrip())]


def _open_quotations(story: Sequence[str]) -> Iterator[bool]:
    """Yield True if a quotation is open: before each sentence, and after the last one.

    A quote before a word opens and one after a word closes, so that a missing quote does not
    invert the rest of the story."""
    is_open = False
    yield is_open
    for sentence in story:
        for quote in _QUOTE.finditer(sentence):
            is_open = bool(quote["opens"]) or (not quote["closes"] and not is_open)
        yield is_open
