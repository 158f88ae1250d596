"""A verdict as Markdown, ready for the contest's pull request."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from duotui.report.strings import REPORT_LANGUAGES
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.mean_rate import RUNS
from duotui.scoring.verdict import Verdict, word_diff

Phrases = Mapping[str, str]


def markdown_report(verdict: Verdict, language: str = "en") -> str:
    say = REPORT_LANGUAGES[language]
    return "\n".join(_lines(verdict, say)) + "\n"


def _lines(v: Verdict, say: Phrases) -> Iterator[str]:
    yield f"# {say['title']}"
    yield ""
    for reason in v.void:
        yield f"**{say['void']}: {reason}**"
        yield ""
    if v.trouble:
        yield f"**{say['early']}: {v.trouble}**"
        yield ""
    yield from results([v], say)
    yield ""
    yield from _speed(v, say)
    yield from _correctness(v, say)
    if v.roof is not None:
        yield f"## {say['roofline']}"
        yield from (f"- {name}: {value}" for name, value in roofline(v, say))
        yield ""
    if v.speech is not None:
        yield f"## {say['speech']}"
        said = v.speech
        yield say["said"].format(n=said.sentences, heard=said.heard, prepared=said.prepared)
        yield ""
    yield f"## {say['environment']}"
    yield from table([["", say["before"], say["after"]], *environment(v, say)])
    yield ""
    yield f"## {say['runs']}"
    yield from table([[say[name] for name in RUN_COLUMNS], *run_rows(v)])
    yield ""
    yield from _stories(v, say)


def markdown_boards(verdicts: Sequence[Verdict], language: str = "en") -> str:
    """Several boards that were judged side by side: a row each, then what is to be said of each."""
    say = REPORT_LANGUAGES[language]
    lines = [f"# {say['title']}", "", *results(verdicts, say)]
    for v in verdicts:
        lines += ["", f"## {v.target}"]
        lines += [f"- **{say['void']}: {reason}**" for reason in v.void]
        if v.trouble:
            lines.append(f"- **{say['early']}: {v.trouble}**")
        lines += [f"- {name}: {value}" for name, value in (*facts(v, say), *roofline(v, say))]
    return "\n".join(lines) + "\n"


def results(verdicts: Sequence[Verdict], say: Phrases) -> Iterator[str]:
    """The contest's own table, with a row for each."""
    count = max(len(v.counted) for v in verdicts)
    head = [say["mark"], say["rate"].format(n=count), say["same"], say["grammar"], say["remark"]]
    rows = [
        [
            v.target,
            f"{v.score.mean:.6f}" if v.score else say["none"],
            sameness(v, say),
            _grammar(v, say),
            remarks(v, say),
        ]
        for v in verdicts
    ]
    yield from table([head, *rows])


def sameness(v: Verdict, say: Phrases) -> str:
    if v.identical is None:
        return say["unknown"]
    if v.identical:
        return say["yes"].format(n=len(v.counted))
    first = v.difference
    return say["no"].format(n=len(v.counted), same=v.same, first=0 if first is None else first + 1)


def _grammar(v: Verdict, say: Phrases) -> str:
    if v.mistakes is None or v.baseline_mistakes is None:
        return say["none"]
    return f"{len(v.mistakes)} ({len(v.baseline_mistakes)})"


def remarks(v: Verdict, say: Phrases) -> str:
    mode = str(v.request.mode)
    again = f"; {v.disturbed} {say['disturbed']}" if v.disturbed else ""
    early = f"; {say['early']}: {v.trouble}" if v.trouble else ""
    void = f"; {say['void']}" if v.void else ""
    return mode + again + early + void


def _speed(v: Verdict, say: Phrases) -> Iterator[str]:
    s = v.score
    if s is None:
        return
    dropped = ", ".join(f"{s.rates[index]:.6f}" for index in s.dropped) or say["none"]
    head = [say[name] for name in ("mean", "dropped", "all", "median", "deviation")]
    numbers = [f"{s.mean:.6f}", dropped, f"{s.plain:.6f}", f"{s.median:.6f}", f"{s.deviation:.6f}"]
    yield from table([head, numbers])
    yield ""
    yield say["rule"]
    yield ""


def facts(v: Verdict, say: Phrases) -> Iterator[tuple[str, str]]:
    """Of correctness, apart from the diff itself."""
    yield say["same"], sameness(v, say)
    if v.baseline is not None:
        yield say["baseline"], v.baseline.source
    if v.agreement is not None:
        steps = len(v.agreement.chosen)
        yield say["agreement"], f"{v.agreement.fraction:.2%} ({v.agreement.agreed} / {steps})"
        own = f" ({v.own.nats:.3f})" if v.own is not None else ""
        yield say["nats"], f"{v.agreement.nats:.3f}{own}"
    if v.deviation is not None:
        doubt = "" if v.doubt is None else f"; ≠ {say['doubt'].format(first=v.doubt + 1)}"
        yield say["deviation_of"], f"{v.deviation:.1e}{doubt}"
    if v.mistakes is not None:
        yield say["mistakes"], _grammar(v, say)


def _correctness(v: Verdict, say: Phrases) -> Iterator[str]:
    yield f"## {say['correctness']}"
    for name, value in facts(v, say):
        yield f"- {name}: {value}"
    yield ""


def roofline(v: Verdict, say: Phrases) -> Iterator[tuple[str, str]]:
    """How near the figure is to what the machine's memory allows."""
    if v.roof is None:
        return
    yield say["bytes"], f"{v.roof.bytes / 1e6:.2f} MB"
    yield say["bandwidth"], f"{v.roof.sweep.memory / 1e6:.0f} MB/s"
    reached = f" ({v.roof.reached(v.score.mean):.0%})" if v.score else ""
    yield say["roof"], f"{v.roof.rate:.2f} tok/s{reached}"


def environment(v: Verdict, say: Phrases) -> Iterator[list[str]]:
    """Rows of what it takes to do it again: a name, before, after."""
    yield [say["command"], f"`{command(v)}`", ""]
    if v.ready is not None:
        yield [say["engine"], f"duollama {v.ready.version}, {v.ready.machine}", ""]
        if v.built:
            yield [say["built"], v.built, ""]
        yield [say["model"], f"{v.ready.model}, {v.ready.model_hash}", ""]
    for name, value in CONDITIONS.items():
        row = [value(c, say) if c is not None else "" for c in (v.before, v.after)]
        if any(row):
            yield [say[name], *row]


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


def _swap(c: MachineConditions, say: Phrases) -> str:
    if c.swaps is None:
        return ""
    return ", ".join(f"{name} {size / 2**20:.0f} MB" for name, size in c.swaps) or say["off"]


def _memory(c: MachineConditions, _: Phrases) -> str:
    free = f" ({c.available / 2**20:.1f} MB)" if c.available else ""
    return f"{c.memory / 2**20:.1f} MB{free}" if c.memory else ""


def _clock(c: MachineConditions, say: Phrases) -> str:
    known = [f"{c.clock} MHz"] if c.clock else []
    return ", ".join(known + [say["slowed"]] * (c.slowed and c.is_duo)) or say["none"]


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


def _stories(v: Verdict, say: Phrases) -> Iterator[str]:
    if v.baseline is None or v.identical is not False:
        yield f"## {say['story']}"
        yield ""
        yield from (f"> {line}" for line in v.story.strip().split("\n"))
        return
    yield f"## {say['stories']}"
    yield say["legend"]
    yield ""
    marks = {"=": "{}", "+": "[+ {} +]", "-": "[- {} -]"}
    yield "> " + " ".join(
        marks[kind].format(text) for kind, text in word_diff(v.story, v.baseline.text)
    )


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Markdown; the first row is the head."""
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        if number == 0:
            yield "|" + " --- |" * len(row)
