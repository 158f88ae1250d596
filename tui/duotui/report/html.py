"""A verdict as one HTML page that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from duotui.report import svg
from duotui.report.markdown import (
    RUN_COLUMNS,
    environment,
    facts,
    remarks,
    roofline,
    run_rows,
    sameness,
)
from duotui.report.strings import REPORT_LANGUAGES
from duotui.scoring.verdict import Verdict, word_diff

STYLE = Path(__file__).with_suffix(".css")


def html_report(verdict: Verdict, language: str = "en") -> str:
    say = REPORT_LANGUAGES[language]
    body = "\n".join(_parts(verdict, say))
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(say['title'])}</title>\n<style>\n{STYLE.read_text('utf-8')}</style>\n{body}\n</html>\n"
    )


def _parts(v: Verdict, say: Mapping[str, str]) -> Iterator[str]:
    yield f"<h1>{escape(say['title'])}</h1>"
    for reason in v.void:
        yield f'<p class="void">{escape(say["void"])}: {escape(reason)}</p>'
    if v.trouble:
        yield f'<p class="void">{escape(say["early"])}: {escape(v.trouble)}</p>'
    score = v.score
    if score is not None:
        rate = escape(say["rate"].format(n=len(v.counted)))
        yield f'<p class="big">{score.mean:.4f} <small>{rate}</small></p>'
    sign = {True: "=", False: "≠", None: "?"}[v.identical]
    same = f"{sign} {say['same']}: {sameness(v, say)}"
    yield f"<p><b>{escape(same)}</b>; {escape(remarks(v, say))}</p>"
    if score is not None:
        yield f"<h2>{escape(say['runs'])}</h2>"
        yield svg.runs(score, (say["run"], say["mean"], say["dropped"]))
        yield f"<p>{escape(say['rule'])}</p>"
    yield f"<h2>{escape(say['correctness'])}</h2>"
    yield _table([], [list(row) for row in facts(v, say)])
    if v.agreement is not None:
        yield svg.strip(v.agreement, (), say["agreement"])
    if v.roof is not None:
        yield f"<h2>{escape(say['roofline'])}</h2>"
        yield _table([], [list(row) for row in roofline(v, say)])
        if score is not None:
            yield svg.gauge(v.roof.reached(score.mean), say["roof"])
    if v.speech is not None:
        yield f"<h2>{escape(say['speech'])}</h2>"
        s = v.speech
        said = say["said"].format(n=s.sentences, heard=s.heard, prepared=s.prepared)
        yield f"<p>{escape(said)}</p>"
    yield from _stories(v, say)
    yield f"<h2>{escape(say['environment'])}</h2>"
    rows = [[cell.strip("`") for cell in row] for row in environment(v, say)]
    yield _table(["", say["before"], say["after"]], rows)
    yield f"<h2>{escape(say['runs'])}</h2>"
    yield _table([say[name] for name in RUN_COLUMNS], list(run_rows(v)))


def _stories(v: Verdict, say: Mapping[str, str]) -> Iterator[str]:
    if v.baseline is None or v.identical is not False:
        yield f"<h2>{escape(say['story'])}</h2>"
        yield f'<div class="story">{escape(v.story.strip())}</div>'
        return
    yield f"<h2>{escape(say['stories'])}</h2><p>{escape(say['legend'])}</p>"
    marks = {"=": "{}", "+": "<ins>[+ {} +]</ins>", "-": "<del>[- {} -]</del>"}
    diff = (marks[kind].format(escape(text)) for kind, text in word_diff(v.story, v.baseline.text))
    yield f'<div class="story">{" ".join(diff)}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if top else ''}{body}</table>"
