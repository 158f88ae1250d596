"""A verdict as Markdown, ready for the contest's pull request."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from duotui.report.strings import REPORT_LANGUAGES
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.mean_rate import RUNS
from duotui.scoring.verdict import Verdict, word_diff

Phrases = Mapping[str, str]


def markdown_report(verdict: Verdict, language: str = "en") -> str:
    strings = REPORT_LANGUAGES[language]
    return "\n".join(_lines(verdict, strings)) + "\n"


def _lines(v: Verdict, strings: Phrases) -> Iterator[str]:
    yield f"# {strings['title']}"
    yield ""
    for reason in v.void:
        yield f"**{strings['void']}: {reason}**"
        yield ""
    if v.trouble:
        yield f"**{strings['early']}: {v.trouble}**"
        yield ""
    yield from results([v], strings)
    yield ""
    yield from _speed(v, strings)
    yield from _correctness(v, strings)
    if v.roof is not None:
        yield f"## {strings['roofline']}"
        yield from (f"- {name}: {value}" for name, value in roofline(v, strings))
        yield ""
    if v.speech is not None:
        yield f"## {strings['speech']}"
        s = v.speech
        yield strings["said"].format(n=s.sentences, heard=s.heard, prepared=s.prepared)
        yield ""
    yield f"## {strings['environment']}"
    yield from table([["", strings["before"], strings["after"]], *environment(v, strings)])
    yield ""
    yield f"## {strings['runs']}"
    yield from table([[strings[name] for name in RUN_COLUMNS], *run_rows(v)])
    yield ""
    yield from _stories(v, strings)


def markdown_boards(verdicts: Sequence[Verdict], language: str = "en") -> str:
    """Report on several boards judged side by side: a row each, then the facts of each."""
    strings = REPORT_LANGUAGES[language]
    lines = [f"# {strings['title']}", "", *results(verdicts, strings)]
    for v in verdicts:
        lines += ["", f"## {v.target}"]
        lines += [f"- **{strings['void']}: {reason}**" for reason in v.void]
        if v.trouble:
            lines.append(f"- **{strings['early']}: {v.trouble}**")
        lines += [
            f"- {name}: {value}" for name, value in (*facts(v, strings), *roofline(v, strings))
        ]
    return "\n".join(lines) + "\n"


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
            _grammar(v, strings),
            remarks(v, strings),
        ]
        for v in verdicts
    ]
    yield from table([head, *rows])


def sameness(v: Verdict, strings: Phrases) -> str:
    if v.identical is None:
        return strings["unknown"]
    if v.identical:
        return strings["yes"].format(n=len(v.counted))
    first = v.difference
    return strings["no"].format(
        n=len(v.counted), same=v.same, first=0 if first is None else first + 1
    )


def _grammar(v: Verdict, strings: Phrases) -> str:
    if v.mistakes is None or v.baseline_mistakes is None:
        return strings["none"]
    return f"{len(v.mistakes)} ({len(v.baseline_mistakes)})"


def remarks(v: Verdict, strings: Phrases) -> str:
    mode = str(v.request.mode)
    disturbed = f"; {v.disturbed} {strings['disturbed']}" if v.disturbed else ""
    early = f"; {strings['early']}: {v.trouble}" if v.trouble else ""
    void = f"; {strings['void']}" if v.void else ""
    return mode + disturbed + early + void


def _speed(v: Verdict, strings: Phrases) -> Iterator[str]:
    s = v.score
    if s is None:
        return
    dropped = ", ".join(f"{s.rates[index]:.6f}" for index in s.dropped) or strings["none"]
    head = [strings[name] for name in ("mean", "dropped", "all", "median", "deviation")]
    numbers = [f"{s.mean:.6f}", dropped, f"{s.plain:.6f}", f"{s.median:.6f}", f"{s.deviation:.6f}"]
    yield from table([head, numbers])
    yield ""
    yield strings["rule"]
    yield ""


def facts(v: Verdict, strings: Phrases) -> Iterator[tuple[str, str]]:
    """Yield the facts of correctness, apart from the diff itself."""
    yield strings["same"], sameness(v, strings)
    if v.baseline is not None:
        yield strings["baseline"], v.baseline.source
    if v.agreement is not None:
        steps = len(v.agreement.chosen)
        yield strings["agreement"], f"{v.agreement.fraction:.2%} ({v.agreement.agreed} / {steps})"
        own = f" ({v.own.nats:.3f})" if v.own is not None else ""
        yield strings["nats"], f"{v.agreement.nats:.3f}{own}"
    if v.deviation is not None:
        doubt = "" if v.doubt is None else f"; ≠ {strings['doubt'].format(first=v.doubt + 1)}"
        yield strings["deviation_of"], f"{v.deviation:.1e}{doubt}"
    if v.mistakes is not None:
        yield strings["mistakes"], _grammar(v, strings)


def _correctness(v: Verdict, strings: Phrases) -> Iterator[str]:
    yield f"## {strings['correctness']}"
    for name, value in facts(v, strings):
        yield f"- {name}: {value}"
    yield ""


def roofline(v: Verdict, strings: Phrases) -> Iterator[tuple[str, str]]:
    """Yield the facts of the roofline: how much of the memory's limit the score reaches."""
    if v.roof is None:
        return
    yield strings["bytes"], f"{v.roof.bytes / 1e6:.2f} MB"
    yield strings["bandwidth"], f"{v.roof.sweep.memory / 1e6:.0f} MB/s"
    reached = f" ({v.roof.reached(v.score.mean):.0%})" if v.score else ""
    yield strings["roof"], f"{v.roof.rate:.2f} tok/s{reached}"


def environment(v: Verdict, strings: Phrases) -> Iterator[list[str]]:
    """Yield the conditions for a repetition, a row each: a name, before, after."""
    yield [strings["command"], f"`{command(v)}`", ""]
    if v.ready is not None:
        yield [strings["engine"], f"duollama {v.ready.version}, {v.ready.machine}", ""]
        if v.built:
            yield [strings["built"], v.built, ""]
        yield [strings["model"], f"{v.ready.model}, {v.ready.model_hash}", ""]
    for name, value in CONDITIONS.items():
        row = [value(c, strings) if c is not None else "" for c in (v.before, v.after)]
        if any(row):
            yield [strings[name], *row]


def command(v: Verdict) -> str:
    r = v.request
    return shlex.join(
        [
            *("duotui", "judge", v.target, "--mode", str(r.mode), "-n", str(r.steps)),
            *("-t", f"{r.temperature:g}", "-p", f"{r.top_p:g}", "-s", str(r.seed)),
            *(("--runs", str(len(v.counted))) if len(v.counted) != RUNS else ()),
            *("-i", r.prompt),
        ]
    )


def _swap(c: MachineConditions, strings: Phrases) -> str:
    if c.swaps is None:
        return ""
    return ", ".join(f"{name} {size / 2**20:.0f} MB" for name, size in c.swaps) or strings["off"]


def _memory(c: MachineConditions, _: Phrases) -> str:
    free = f" ({c.available / 2**20:.1f} MB)" if c.available else ""
    return f"{c.memory / 2**20:.1f} MB{free}" if c.memory else ""


def _clock(c: MachineConditions, strings: Phrases) -> str:
    clock = [f"{c.clock} MHz"] if c.clock else []
    return ", ".join(clock + [strings["slowed"]] * (c.slowed and c.is_duo)) or strings["none"]


CONDITIONS: Mapping[str, Callable[[MachineConditions, Phrases], str]] = {
    "image": lambda c, _: c.image,
    "machine": lambda c, _: c.machine,
    "kernel": lambda c, _: c.kernel,
    "memory": _memory,
    "swap": _swap,
    "clock": _clock,
    "temperature": lambda c, _: ", ".join(f"{t:.0f} °C" for t in c.temperatures),
    "busy": lambda c, _: "" if c.busy is None else f"{c.busy:.0%}",
}

RUN_COLUMNS = ("run", "speed", "first", "faults", "peak", "same")


def run_rows(v: Verdict) -> Iterator[list[str]]:
    dropped = v.score.dropped if v.score else ()
    for index, run in enumerate(v.counted):
        same = "" if v.baseline is None else "=" if v.baseline.same(run) else "≠"
        rate = f"{run.rate:.6f}" + (" (x)" if index in dropped else "")
        peak = f"{run.peak / 1024:.1f} MB" if run.peak else ""
        yield [str(index + 1), rate, f"{run.first:.3f} s", str(run.faults), peak, same]


def _stories(v: Verdict, strings: Phrases) -> Iterator[str]:
    if v.baseline is None or v.identical is not False:
        yield f"## {strings['story']}"
        yield ""
        yield from (f"> {line}" for line in v.story.strip().split("\n"))
        return
    yield f"## {strings['stories']}"
    yield strings["legend"]
    yield ""
    marks = {"=": "{}", "+": "[+ {} +]", "-": "[- {} -]"}
    yield "> " + " ".join(
        marks[kind].format(text) for kind, text in word_diff(v.story, v.baseline.text)
    )


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a Markdown table; the first row is its head."""
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        if number == 0:
            yield "|" + " --- |" * len(row)
