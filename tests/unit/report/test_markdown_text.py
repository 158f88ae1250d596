"""Reports with hostile text: the parsed Markdown has the structure that harmless text has."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from duotui.protocol.events import Ready, Source
from duotui.protocol.request import Mode, Request
from duotui.report.html import html_report
from duotui.report.markdown import markdown_boards, markdown_report
from duotui.scoring.run import Run
from duotui.scoring.verdict import Baseline, Verdict

ATTACK = (
    "| a | `b` ``` ~~~ <script>alert(1)</script> <!-- --> <img src=x onerror=y> ![i](http://e.com/p)"
    " [l](javascript:x) [r][r] <http://e.com> http://e.com www.e.com me@e.com *b* **c** _d_ ~~e~~"
    " &lt; \\ \\| $x$ # + - = 1. 1) '\" </div></td></table></title></style> {{x}} \x1b[2J \u202e"
)
ACTIVE = {"link_open", "image", "html_inline", "html_block", "fence", "code_block", "s_open"}
PIECES = st.one_of(
    st.sampled_from([*ATTACK.split(" "), "    ", "\t", "- - -", "===", "> ", "```\n", "[r]: x"]),
    st.text(max_size=5),
)


def verdict(foreign: str, story: str) -> Verdict:
    ready = Ready(
        0,
        Source.BOARD,
        version=foreign,
        model=foreign,
        machine=foreign,
        model_hash="aa",
        tokenizer_hash="bb",
        modes=tuple(Mode),
        vocabulary=32000,
        context=256,
        parameters=9,
        boot=1,
    )
    run = Run(counted=True, ids=(), text=story, rate=25.0, first=0.3, peak=9, faults=0)
    return Verdict(
        target=foreign,
        request=Request(prompt=foreign),
        runs=(run, run),
        baseline=Baseline(foreign, "another story"),
        ready=ready,
        void=(foreign,),
        trouble=foreign,
        built=foreign,
    )


def structure(markdown: str) -> list[tuple[str, int]]:
    """The types of the tokens, without texts and line breaks."""
    result = []
    for token in MarkdownIt("gfm-like").parse(markdown):
        result.append((token.type, token.level))
        for child in token.children or ():
            if child.type not in ("text", "softbreak", "hardbreak"):
                result.append((child.type, child.level))
    return result


def harmless(text: str) -> str:
    """`text` with a letter in place of each character that is not white space."""
    return re.sub(r"\S+", "x", text)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))


def reports(foreign: str, story: str) -> list[Verdict]:
    """A verdict with a diff of two stories, and one with the story alone."""
    both = verdict(foreign, story)
    return [both, replace(both, baseline=None)]


@pytest.mark.parametrize("story", [ATTACK, "\n".join(ATTACK.split(" ")), f"# x\n\n    {ATTACK}"])
def test_no_text_becomes_a_link_an_image_or_html(story: str) -> None:
    for each in reports(ATTACK, story):
        for text in (markdown_report(each), markdown_boards([each, each])):
            assert ACTIVE & {kind for kind, _ in structure(text)} == set()


@given(foreign=st.lists(PIECES, max_size=6), story=st.lists(PIECES, max_size=9))
def test_the_structure_of_a_report_is_that_of_harmless_text(
    foreign: list[str], story: list[str]
) -> None:
    text, told = f"x{' '.join(foreign)}", f"x{' '.join(story)}"
    for bad, good in zip(reports(text, told), reports(harmless(text), harmless(told)), strict=True):
        assert structure(markdown_boards([bad, bad])) == structure(markdown_boards([good, good]))
        if bad.baseline is None:
            assert structure(markdown_report(bad)) == structure(markdown_report(good))
        assert ACTIVE & {kind for kind, _ in structure(markdown_report(bad))} == set()
        assert set(Tags(html_report(bad)).tags) == set(Tags(html_report(good)).tags)


def test_the_text_is_shown_as_it_is() -> None:
    shown = MarkdownIt("gfm-like").render(
        markdown_report(replace(verdict("x", ATTACK), baseline=None))
    )
    for piece in ("`b`", "&lt;script&gt;", "![i](http://e.com/p)", "me@e.com", "**c**", "~~e~~"):
        assert piece in shown
