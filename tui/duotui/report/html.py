"""A verdict as one self-contained HTML page."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from duotui.base.translation import LANGUAGES, current_language
from duotui.base.translation import gettext as _
from duotui.report import svg
from duotui.report.strings import report_phrases
from duotui.report.tables import (
    RUN_COLUMNS,
    command,
    environment,
    facts,
    named,
    official,
    official_remark,
    remarks,
    roofline,
    run_rows,
    sameness,
    title,
)
from duotui.scoring.official_settings import is_official
from duotui.scoring.verdict import Verdict, word_diff

STYLE = Path(__file__).with_suffix(".css")


def html_report(verdict: Verdict) -> str:
    strings, language = report_phrases(), LANGUAGES[current_language()].replace("_", "-")
    body = "\n".join(_parts(verdict, strings))
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title(verdict, strings))}</title>\n"
        f"<style>\n{STYLE.read_text('utf-8')}</style>\n{body}\n</html>\n"
    )


def _parts(v: Verdict, strings: Mapping[str, str]) -> Iterator[str]:
    yield f"<h1>{escape(title(v, strings))}</h1>"
    kind = "" if is_official(v) else ' class="void"'
    yield f"<p{kind}>{escape(official_remark(v, strings))}</p>"
    for reason in v.void:
        yield f'<p class="void">{escape(named(strings["void"], reason))}</p>'
    if v.trouble:
        yield f'<p class="void">{escape(named(strings["early"], v.trouble))}</p>'
    score = v.score
    if score is not None:
        rate = escape(strings["rate"].format(n=len(v.counted)))
        yield f'<p class="big">{score.mean:.4f} <small>{rate}</small></p>'
    sign = {True: "=", False: "≠", None: "?"}[v.identical]
    same = f"{sign} {named(strings['same'], sameness(v, strings))}"
    yield f"<p><b>{escape(same)}</b>{_('; ')}{escape(remarks(v, strings))}</p>"
    if score is not None:
        yield f"<h2>{escape(strings['runs'])}</h2>"
        yield svg.runs(score, (strings["run"], strings["mean"], strings["dropped"]))
        yield f"<p>{escape(strings['rule'])}</p>"
    yield f"<h2>{escape(strings['correctness'])}</h2>"
    yield _table([], [list(row) for row in facts(v, strings)])
    if v.agreement is not None:
        yield svg.strip(v.agreement, (), strings["agreement"])
    if v.roof is not None:
        yield f"<h2>{escape(strings['roofline'])}</h2>"
        yield _table([], [list(row) for row in roofline(v, strings)])
        if score is not None:
            yield svg.gauge(v.roof.reached(score.mean), strings["roof"])
    if v.speech is not None:
        yield f"<h2>{escape(strings['speech'])}</h2>"
        s = v.speech
        timing = strings["said"].format(n=s.sentences, heard=s.heard, prepared=s.prepared)
        yield f"<p>{escape(timing)}</p>"
    yield from _stories(v, strings)
    yield f"<h2>{escape(strings['official'])}</h2>"
    columns = [strings[name] for name in ("setting", "wanted", "found", "met")]
    yield _table(columns, list(official(v, strings)))
    yield f"<h2>{escape(strings['environment'])}</h2>"
    asked = [[strings["command"], command(v), ""]] if v.command else []
    rows = [*asked, *environment(v, strings)]
    yield _table(["", strings["before"], strings["after"]], rows)
    yield f"<h2>{escape(strings['runs'])}</h2>"
    yield _table([strings[name] for name in RUN_COLUMNS], list(run_rows(v)))


def _stories(v: Verdict, strings: Mapping[str, str]) -> Iterator[str]:
    if v.baseline is None or v.identical is not False:
        yield f"<h2>{escape(strings['story'])}</h2>"
        yield f'<div class="story">{escape(v.story.strip())}</div>'
        return
    yield f"<h2>{escape(strings['stories'])}</h2><p>{escape(strings['legend'])}</p>"
    marks = {"=": "{}", "+": "<ins>[+ {} +]</ins>", "-": "<del>[- {} -]</del>"}
    diff = (marks[kind].format(escape(text)) for kind, text in word_diff(v.story, v.baseline.text))
    yield f'<div class="story">{" ".join(diff)}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if top else ''}{body}</table>"
