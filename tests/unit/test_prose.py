"""README.md and docs/: sentences of at most 30 words, lines of at most 120 characters.

Code blocks, tables, quotations and headings are not sentences. A list item is one paragraph.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from support.pages import PAGES, ROOT

MOST_WORDS = 30
MOST_CHARACTERS = 120

CODE = re.compile(r"`[^`]*`")
LINK_TEXT = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
ITEM = re.compile(r"^(\s*)([-*+]|\d+\.)\s+")
END = re.compile(r"(?<=[.?!])[\"')*_]*\s+|(?<=[。？！])")
ABBREVIATIONS = re.compile(r"\b(?:e\.g|i\.e|cf|vs)\.")


class Paragraph(NamedTuple):
    """Prose whose first line is `line`, counted from 1."""

    line: int
    text: str


def prose_lines(page: str) -> list[tuple[int, str]]:
    """Lines of `page` with their numbers; outside prose, the text is empty.

    Fences, indented code, tables, quotations and headings are not prose, and separate paragraphs.
    An indented line is code if the last line before it that is not empty belongs to no list item.
    """
    lines = []
    fenced = in_item = False
    for number, line in enumerate(page.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            lines.append((number, ""))
            continue
        if ITEM.match(line):
            in_item = True
        elif line[:1] not in ("", " "):
            in_item = False
        code = fenced or (line.startswith("    ") and not in_item)
        other = line.lstrip().startswith(("|", ">", "#"))
        lines.append((number, "" if code or other else line))
    return lines


def begins_item(line: str, before: str) -> bool:
    """True if a line begins a list item. `before` is the first line of the paragraph above it.

    A number other than 1 begins one only beside another: "vlen\n128. Then" is one paragraph.
    """
    item, sibling = ITEM.match(line), ITEM.match(before)
    if item is None or item[2] in ("-", "*", "+", "1.") or not before:
        return item is not None
    return sibling is not None and item[1] == sibling[1]


def paragraphs(page: str) -> list[Paragraph]:
    result: list[Paragraph] = []
    before = ""
    for number, line in prose_lines(page):
        if not line.strip():
            before = ""
        elif before and not begins_item(line, before):
            first, text = result[-1]
            result[-1] = Paragraph(first, f"{text} {line.strip()}")
        else:
            before = line
            result.append(Paragraph(number, ITEM.sub("", line, count=1).strip()))
    return result


def sentences(text: str) -> list[str]:
    """Sentences of `text`. An inline code span is one word, and a link its text. A colon or a
    semicolon ends nothing."""
    plain = ABBREVIATIONS.sub("abbreviation", CODE.sub("CODE", LINK_TEXT.sub(r"\1", text)))
    return END.split(plain)


def words(sentence: str) -> int:
    return sum(any(character.isalnum() for character in word) for word in sentence.split())


def long_sentences(page: str) -> list[str]:
    return [
        f"line {paragraph.line}: {words(sentence)} words: {sentence}"
        for paragraph in paragraphs(page)
        for sentence in sentences(paragraph.text)
        if words(sentence) > MOST_WORDS
    ]


def long_lines(page: str) -> list[str]:
    return [
        f"line {number}: {len(line)} characters"
        for number, line in prose_lines(page)
        if len(line) > MOST_CHARACTERS
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable(name: str) -> None:
    page = (ROOT / name).read_text("utf-8")
    assert long_sentences(page) + long_lines(page) == []


LONG = "The board tells " + "and tells " * 13 + "a story."
"""Sentence of 31 words."""


@pytest.mark.parametrize(
    "page",
    [
        LONG,
        f"- {LONG}",
        f"1. Short.\n2. {LONG}",
        f"- An item\n\n    {LONG}",
        f"Short. {LONG} Short.",
        LONG.replace(" and", "\nand"),
        LONG.replace(" and", "; and", 1),
        LONG.replace(" a story.", " a story of\n12. A story."),
        f"    code\n\n{LONG}\n\n    code",
        f"```\ncode\n```\n{LONG}",
    ],
)
def test_a_long_sentence_is_found(page: str) -> None:
    assert len(long_sentences(page)) == 1


@pytest.mark.parametrize(
    "page",
    [
        LONG.removeprefix("The "),
        f"    {LONG}",
        f"```\n{LONG}\n```",
        f"| {LONG} |",
        f"> {LONG}",
        "- " + "word " * 20 + "\n- " + "word " * 20,
        "1. " + "word " * 20 + "\n2. " + "word " * 20,
        "Words. " + "word " * 20 + ". " + "Word " * 20,
        "`" + "word " * 40 + "` is one word.",
    ],
)
def test_nothing_else_is_found(page: str) -> None:
    assert long_sentences(page) == []


def test_a_long_line_is_found() -> None:
    line = "word " * 5 + "w" * 100
    assert long_lines(line) == ["line 1: 125 characters"]
    assert long_lines(f"| {line} |") + long_lines(f"    {line}") == []


OPENINGS = ("Of ", "As ", "The same ")
"""Docstrings that begin so have no subject."""


def docstrings(source: str) -> list[str]:
    """Docstrings of a module, its classes, functions and values."""
    return [
        inspect.cleandoc(node.value.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def faults(source: str) -> list[str]:
    """Docstrings with an opening without a subject, or with a sentence that is too long."""
    found = docstrings(source)
    return [text for text in found if text.startswith(OPENINGS) or long_sentences(text)]


@pytest.mark.parametrize("path", sorted((ROOT / "tui").rglob("*.py")), ids=lambda path: path.stem)
def test_docstrings_are_readable(path: Path) -> None:
    assert faults(path.read_text("utf-8")) == []


def test_an_unreadable_docstring_is_seen() -> None:
    assert faults(f'def f():\n    """{LONG}"""') == [LONG]
    assert faults('x = 1\n"""Of a file, in bytes."""') == ["Of a file, in bytes."]
    assert faults('"""Return it."""') == []
