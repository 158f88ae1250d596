"""Baseline of a judge session, and the reference's opinion of every token.

This computer generates and scores both, for a board, a recording and a file alike.
"""

import random
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from duotui.base.clock import MonotonicClock
from duotui.base.errors import NotReady, UsageError
from duotui.base.translation import gettext as _
from duotui.judge import grammar_checker
from duotui.judge.run_series import RunSeries
from duotui.link.port_thread import Channel
from duotui.protocol.events import Ready
from duotui.protocol.request import Mode, Request
from duotui.scoring import runc_log
from duotui.scoring.mean_rate import score
from duotui.scoring.verdict import Baseline, Verdict
from duotui.session.session import Session
from duotui.targets import reference_scorer
from duotui.targets.simulator import SimulatedDuo


@dataclass(frozen=True, slots=True)
class BaselineSource:
    """Source of a baseline: `recording`, the output of run.c, or else the reference with
    `model`."""

    model: Path
    tokenizer: Path | None
    recording: Path | None = None

    async def baseline(self, request: Request) -> tuple[Baseline, Ready | None]:
        """Return the baseline and the engine that generated it; None for a recording.

        Raises the DuotuiError of any failure.
        """
        if self.recording is not None:
            return load_recorded(self.recording, request.prompt), None
        session = single_session(SimulatedDuo(self.model, self.tokenizer))
        series = RunSeries(session, replace(request, mode=Mode.REFERENCE), runs=1, warm=0)
        try:
            await series.run()
        finally:
            await session.close()
        if isinstance(series.trouble, NotReady):
            raise NotReady(
                _("no baseline: {trouble}", trouble=series.trouble),
                _("--baseline FILE takes what run.c printed"),
            )
        if series.trouble is not None:
            raise series.trouble
        ready = session.state.board.ready
        assert ready is not None
        source = _(
            "mode reference, {model} {model_hash}",
            model=ready.model,
            model_hash=ready.model_hash[:8],
        )
        return Baseline(source, series.runs[0].text, series.runs[0].ids), ready

    def with_teacher_forcing(self, verdict: Verdict, prompt: tuple[int, ...]) -> Verdict:
        """Add the reference's opinion of the story, and of the baseline's. Blocks."""
        story, baseline = verdict.runs[0].ids, verdict.baseline
        follow = partial(
            reference_scorer.teacher_force, self.model, self.tokenizer, verdict.request, prompt
        )
        try:
            agreement = own = follow(story)
            if baseline is not None and baseline.ids and baseline.ids != story:
                own = follow(baseline.ids)
        except (NotReady, UsageError):
            return verdict  # this computer lacks the engine or the board's model
        return replace(verdict, agreement=agreement, own=own)


def model_mismatch(ready: Ready, baseline: Ready) -> UsageError | None:
    """Return an error if the two generate from different models."""
    if ready.model_hash == baseline.model_hash:
        return None
    return UsageError(
        _(
            "the board tells from {model} ({model_hash}), the baseline from another "
            "model ({model_hash_2})",
            model=ready.model,
            model_hash=ready.model_hash[:8],
            model_hash_2=baseline.model_hash[:8],
        ),
        _("name the board's model with --model"),
    )


def single_session(channel: Channel) -> Session:
    """A session with one source and no baseline."""
    return Session(channel, None, MonotonicClock(), lambda: random.randrange(1, 2**32))


def load_recorded(path: Path, prompt: str) -> Baseline:
    """Load a recording of run.c, or the text of a story alone. Raises UsageError if its runs are
    not one story."""
    story = runc_log.read_story(path, prompt)
    if story is not None:
        return Baseline(str(path), story)
    runs = runc_log.read_log(path, prompt)
    stories = {run.story for run in runs}
    if len(stories) > 1:
        raise UsageError(
            _("{path} holds {stories} different stories", path=path, stories=len(stories)),
            _("name one of a seed"),
        )
    rates = [run.rate for run in runs if not run.doubt]
    return Baseline(str(path), stories.pop(), rate=score(rates).mean if rates else 0.0)


def with_grammar(verdict: Verdict) -> Verdict:
    """Add the grammar mistakes if the texts differ and a checker is installed. Blocks."""
    if (
        verdict.identical is not False
        or verdict.baseline is None
        or not grammar_checker.available()
    ):
        return verdict
    return replace(
        verdict,
        mistakes=grammar_checker.find_mistakes(verdict.story),
        baseline_mistakes=grammar_checker.find_mistakes(verdict.baseline.text),
    )
