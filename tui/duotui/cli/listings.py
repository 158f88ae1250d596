"""duotui model and duotui devices: what there is."""

import argparse
import json
import sys

from duotui.base.clock import MonotonicClock
from duotui.base.errors import UsageError
from duotui.base.oscompat import HAS_PTYS
from duotui.base.progress import ProgressLine
from duotui.link.ports import ports
from duotui.targets import model_store

SIM = "the simulated Duo: the same engine, on this computer"


def model(options: argparse.Namespace) -> None:
    store = model_store.default_store()
    if options.action == "get":
        if not options.name:
            raise UsageError("which model?", "duotui model list names those that are known")
        line = ProgressLine(sys.stderr)
        clock = MonotonicClock()
        print(
            model_store.fetch(
                model=model_store.find(options.name),
                store=store,
                clock=clock,
                progress=line.show,
                source=options.source or "",
            )
        )
        return
    known = model_store.known()
    paths = {m.name: str(m.path(store)) if m.complete(store) else None for m in known}
    if options.json:
        rows = [{"name": m.name, "size": m.size, "path": paths[m.name]} for m in known]
        print(json.dumps(rows, indent=2))
        return
    for each in known:
        where = paths[each.name] or f"duotui model get {each.name}"
        print(f"{each.name:<12} {each.size / 1e6:5.1f} MB  {each.what}; {each.licence}")
        print(f"{'':<12} {where}")


def devices(as_json: bool) -> None:
    found = [(port.path, port.kind, port.described) for port in ports()]
    if HAS_PTYS:
        found.append(("sim", "sim", SIM))
    if as_json:
        names = ("path", "kind", "described")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in found], indent=2))
        return
    if not found:
        print("no serial port was found; plug the board in", file=sys.stderr)
    width = max((len(path) for path, _, _ in found), default=0)
    for path, kind, described in found:
        print(f"{path:<{width}}  {kind:<7}  {described}")
