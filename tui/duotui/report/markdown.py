"""A verdict as Markdown, ready for the contest's pull request."""

from collections.abc import Iterable, Iterator, Sequence

from duotui.base.translation import gettext as _
from duotui.report.markdown_text import code, inline, line, quote, table
from duotui.report.strings import report_phrases
from duotui.report.tables import (
    RUN_COLUMNS,
    Phrases,
    command,
    environment,
    facts,
    grammar_errors,
    named,
    official,
    official_remark,
    remarks,
    roofline,
    run_rows,
    sameness,
    title,
)
from duotui.scoring.verdict import Verdict, word_diff


def markdown_report(verdict: Verdict) -> str:
    strings = report_phrases()
    return "\n".join(_lines(verdict, strings)) + "\n"


def _lines(v: Verdict, strings: Phrases) -> Iterator[str]:
    yield f"# {inline(title(v, strings))}"
    yield ""
    yield f"**{inline(official_remark(v, strings))}**"
    yield ""
    for reason in v.void:
        yield f"**{named(strings['void'], inline(reason))}**"
        yield ""
    if v.trouble:
        yield f"**{named(strings['early'], inline(v.trouble))}**"
        yield ""
    yield from results([v], strings)
    yield ""
    yield from _speed(v, strings)
    yield from _correctness(v, strings)
    if v.roof is not None:
        yield f"## {strings['roofline']}"
        yield from (f"- {named(name, inline(value))}" for name, value in roofline(v, strings))
        yield ""
    if v.speech is not None:
        yield f"## {strings['speech']}"
        s = v.speech
        yield strings["said"].format(n=s.sentences, heard=s.heard, prepared=s.prepared)
        yield ""
    yield f"## {strings['official']}"
    columns = [strings[name] for name in ("setting", "wanted", "found", "met")]
    yield from table([columns, *_cells(official(v, strings))])
    yield ""
    yield f"## {strings['environment']}"
    head = ["", strings["before"], strings["after"]]
    asked = [[strings["command"], code(command(v)), ""]] if v.command else []
    yield from table([head, *asked, *_cells(environment(v, strings))])
    yield ""
    yield f"## {strings['runs']}"
    yield from table([[strings[name] for name in RUN_COLUMNS], *_cells(run_rows(v))])
    yield ""
    yield from _stories(v, strings)


def markdown_boards(verdicts: Sequence[Verdict]) -> str:
    """Report on several boards judged side by side: a row each, then the facts of each."""
    strings = report_phrases()
    lines = [f"# {strings['title_several']}", "", *results(verdicts, strings)]
    for v in verdicts:
        lines += ["", f"## {named(inline(v.target), inline(title(v, strings)))}"]
        lines.append(f"- **{inline(official_remark(v, strings))}**")
        lines += [f"- **{named(strings['void'], inline(reason))}**" for reason in v.void]
        if v.trouble:
            lines.append(f"- **{named(strings['early'], inline(v.trouble))}**")
        lines += [
            f"- {named(name, inline(value))}"
            for name, value in (*facts(v, strings), *roofline(v, strings))
        ]
    return "\n".join(lines) + "\n"


def _stories(v: Verdict, strings: Phrases) -> Iterator[str]:
    if v.baseline is None or v.identical is not False:
        yield f"## {strings['story']}"
        yield ""
        yield from quote(v.story)
        return
    yield f"## {strings['stories']}"
    yield strings["legend"]
    yield ""
    marks = {"=": "{}", "+": "[+ {} +]", "-": "[- {} -]"}
    yield "> " + " ".join(
        marks[kind].format(line(text)) for kind, text in word_diff(v.story, v.baseline.text)
    )


def results(verdicts: Sequence[Verdict], strings: Phrases) -> Iterator[str]:
    """Yield the contest's own table, with a row for each verdict."""
    count = max(len(v.counted) for v in verdicts)
    head = [
        strings["mark"],
        strings["rate"].format(n=count),
        strings["same"],
        strings["grammar"],
        strings["remark"],
    ]
    rows = [
        [
            v.target,
            f"{v.score.mean:.6f}" if v.score else strings["none"],
            sameness(v, strings),
            grammar_errors(v, strings),
            remarks(v, strings),
        ]
        for v in verdicts
    ]
    yield from table([head, *_cells(rows)])


def _cells(rows: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    return ([inline(cell) for cell in row] for row in rows)


def _speed(v: Verdict, strings: Phrases) -> Iterator[str]:
    s = v.score
    if s is None:
        return
    dropped = _(", ").join(f"{s.rates[index]:.6f}" for index in s.dropped) or strings["none"]
    head = [strings[name] for name in ("mean", "dropped", "all", "median", "deviation")]
    numbers = [f"{s.mean:.6f}", dropped, f"{s.plain:.6f}", f"{s.median:.6f}", f"{s.deviation:.6f}"]
    yield from table([head, numbers])
    yield ""
    yield strings["rule"]
    yield ""


def _correctness(v: Verdict, strings: Phrases) -> Iterator[str]:
    yield f"## {strings['correctness']}"
    for name, value in facts(v, strings):
        yield f"- {named(name, inline(value))}"
    yield ""
