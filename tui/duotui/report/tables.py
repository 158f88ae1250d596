"""Tables of a report: what its Markdown and its HTML both say. Pure."""

import shlex
from collections.abc import Callable, Iterator, Mapping

from duotui.base.board_profile import DUO_64M
from duotui.base.translation import gettext as _
from duotui.base.translation import ngettext
from duotui.scoring.machine_conditions import MachineConditions
from duotui.scoring.official_settings import (
    OFFICIAL_MODEL,
    MachineKind,
    is_official,
    machine_kind,
    official_items,
    official_model,
)
from duotui.scoring.verdict import Verdict

Phrases = Mapping[str, str]

_MACHINES = {
    MachineKind.DUO: "on_duo",
    MachineKind.OTHER_BOARD: "on_other",
    MachineKind.EMULATED: "on_emulated",
    MachineKind.COMPUTER: "on_computer",
    MachineKind.UNKNOWN: "on_unknown",
}
_MET = {True: "met_yes", False: "met_no", None: "met_unknown"}


def named(name: str, value: str) -> str:
    """Return a name and what it names, with the language's own colon."""
    return _("{name}: {value}", name=name, value=value)


def title(v: Verdict, strings: Phrases) -> str:
    """Return the title, which names the machine, and the model if it is not the contest's."""
    text = strings["title"].format(machine=machine(v, strings))
    if v.ready is None or official_model(v):
        return text
    return strings["title_model"].format(title=text, model=v.ready.model, official=OFFICIAL_MODEL)


def machine(v: Verdict, strings: Phrases) -> str:
    """Return what the runs came from, in words."""
    conditions = v.before or v.after
    found = conditions.board if conditions is not None else ""
    return strings[_MACHINES[machine_kind(v)]].format(board=DUO_64M.name, found=found)


def official_remark(v: Verdict, strings: Phrases, planned: int = 0) -> str:
    """Return one line that says whether the official settings were met, and which were not.
    `planned` is the number of runs of a session that is not over."""
    met = is_official(v, planned)
    if met:
        return strings["official_yes"]
    lead = strings["official_unknown" if met is None else "official_no"]
    items = official_items(v, planned)
    names = [_setting(item.name, strings) for item in items if item.met is met]
    return named(lead, _(", ").join(names))


def official(v: Verdict, strings: Phrases) -> Iterator[list[str]]:
    """Yield the official settings, a row each: a name, the contest's, this run's, met."""
    for item in official_items(v):
        wanted = item.official or strings["off"]
        found = item.found or (strings["off"] if item.name == "swap" and item.met else "")
        yield [_setting(item.name, strings), wanted, found, strings[_MET[item.met]]]


def _setting(name: str, strings: Phrases) -> str:
    return strings[{"temperature": "sampling_temperature", "runs": "count"}.get(name, name)]


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
    disturbed = f"{_('; ')}{v.disturbed} {strings['disturbed']}" if v.disturbed else ""
    early = _("; ") + named(strings["early"], v.trouble) if v.trouble else ""
    void = _("; ") + strings["void"] if v.void else ""
    short = _("; ") + strings["official_short"] if is_official(v) is False else ""
    resumed = _("; ") + _sittings(v.sittings - 1) if v.sittings > 1 else ""
    return mode + short + disturbed + resumed + early + void


def _sittings(count: int) -> str:
    return ngettext(
        "continued {count} time, after it was cut off",
        "continued {count} times, after it was cut off",
        count,
    )


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
        doubt = (
            "" if v.doubt is None else f"{_('; ')}≠ {strings['doubt'].format(first=v.doubt + 1)}"
        )
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
    return shlex.join(v.command)


def _swap(c: MachineConditions, strings: Phrases) -> str:
    if c.swaps is None:
        return ""
    return _(", ").join(f"{name} {size / 2**20:.0f} MB" for name, size in c.swaps) or strings["off"]


def _memory(c: MachineConditions, _strings: Phrases) -> str:
    free = f" ({c.available / 2**20:.1f} MB)" if c.available else ""
    return f"{c.memory / 2**20:.1f} MB{free}" if c.memory else ""


def _clock(c: MachineConditions, strings: Phrases) -> str:
    clock = [f"{c.clock} MHz"] if c.clock else []
    return _(", ").join(clock + [strings["slowed"]] * (c.slowed and c.is_duo)) or strings["none"]


CONDITIONS: Mapping[str, Callable[[MachineConditions, Phrases], str]] = {
    "image": lambda c, _strings: c.image,
    "machine": lambda c, _strings: c.machine,
    "kernel": lambda c, _strings: c.kernel,
    "memory": _memory,
    "swap": _swap,
    "clock": _clock,
    "temperature": lambda c, _strings: _(", ").join(f"{t:.0f} °C" for t in c.temperatures),
    "busy": lambda c, _strings: "" if c.busy is None else f"{c.busy:.0%}",
}


RUN_COLUMNS = ("run", "speed", "first", "faults", "peak", "same")


def run_rows(v: Verdict) -> Iterator[list[str]]:
    dropped = v.score.dropped if v.score else ()
    for index, run in enumerate(v.counted):
        same = "" if v.baseline is None else "=" if v.baseline.same(run) else "≠"
        rate = f"{run.rate:.6f}" + (" (x)" if index in dropped else "")
        peak = f"{run.peak / 1024:.1f} MB" if run.peak else ""
        yield [str(index + 1), rate, f"{run.first:.3f} s", str(run.faults), peak, same]
