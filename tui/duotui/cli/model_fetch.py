"""Fetching of a model that is known by name: its progress on stderr, and the question before it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from duotui.base.clock import MonotonicClock
from duotui.base.progress import ProgressLine
from duotui.base.translation import gettext as _
from duotui.base.untrusted_text import one_line
from duotui.targets import model_store
from duotui.targets.model_store import KnownModel, Reports


def fetch_model(model: KnownModel, given: Sequence[str] = ()) -> Path:
    """Fetch what is missing of a model; return the path of its weights. `given` are the sources
    that the user names. Raises DuotuiError."""
    line = ProgressLine(sys.stderr)

    def note(text: str) -> None:
        line.end()
        print(f"duotui: {one_line(text)}", file=sys.stderr, flush=True)

    reports = Reports(
        progress=line.show,
        note=note,
        waiting=lambda: note(_("another duotui downloads {name}; waiting for it", name=model.name)),
    )
    try:
        return model_store.fetch(
            model=model,
            store=model_store.default_store(),
            clock=MonotonicClock(),
            given=given,
            reports=reports,
        )
    finally:
        line.end()


def is_wanted(model: KnownModel, answers: TextIO, out: TextIO) -> bool:
    """Ask whether to fetch a model now. Without a terminal the answer is no."""
    if not (answers.isatty() and out.isatty()):
        return False
    question = _(
        "{name} is not here yet. Fetch it now, {size:.0f} MB? [Y/n]",
        name=model.name,
        size=model.size / 1e6,
    )
    print(question, end=" ", file=out, flush=True)
    answer = answers.readline()
    return answer.strip().lower() in ("", "y", "yes") and answer != ""
