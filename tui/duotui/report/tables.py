"""Tables of a report: what its Markdown and its HTML both say. Pure."""

import shlex
from collections.abc import Callable, Iterator, Mapping

from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.mean_rate import RUNS
from duotui.scoring.verdict import Verdict

Phrases = Mapping[str, str]


def sameness(v: Verdict, strings: Phrases) -> str:
    if v.identical is None:
        return strings["unknown"]
    if v.identical:
        return strings["yes"].format(n=len(v.counted))
    first = v.difference
    return strings["no"].format(
        n=len(v.counted), same=v.same, first=0 if first is None else first + 1
    )


def grammar_errors(v: Verdict, strings: Phrases) -> str:
    if v.mistakes is None or v.baseline_mistakes is None:
        return strings["none"]
    return f"{len(v.mistakes)} ({len(v.baseline_mistakes)})"


def remarks(v: Verdict, strings: Phrases) -> str:
    mode = str(v.request.mode)
    disturbed = f"; {v.disturbed} {strings['disturbed']}" if v.disturbed else ""
    early = f"; {strings['early']}: {v.trouble}" if v.trouble else ""
    void = f"; {strings['void']}" if v.void else ""
    return mode + disturbed + early + void


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
        yield strings["mistakes"], grammar_errors(v, strings)


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
