"""`duotui judge` without a screen: progress on stderr, the verdict on stdout, a report in files."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from duotui.base import oscompat
from duotui.base.errors import Cancelled, DuotuiError, Exit, UsageError
from duotui.judge.baseline import load_recorded, with_grammar
from duotui.judge.fallback_session import FallbackJudgeSession
from duotui.judge.multi_board import MultiBoardSession, Outcome, file_label, open_sessions
from duotui.judge.replayed_session import ReplayedJudgeSession
from duotui.judge.session import JudgeOptions, JudgeSession
from duotui.protocol.events import Request
from duotui.report.html import html_report
from duotui.report.markdown import markdown_boards, markdown_report, sameness
from duotui.report.strings import REPORT_LANGUAGES
from duotui.scoring import runc_log
from duotui.scoring.run import Run
from duotui.scoring.verdict import Verdict, to_json
from duotui.targets.judged_machine import JudgedMachine, judged_machine


@dataclass(frozen=True, slots=True)
class ReportWriter:
    """How a verdict is said: on stdout as JSON or Markdown, and in files of a folder."""

    as_json: bool = False
    folder: Path | None = None
    language: str = "en"

    def prepare(self) -> None:
        """Raises UsageError where the folder cannot be made: before thirty runs, not after."""
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"{self.folder} cannot be made", error.strerror or "") from error

    def save(self, verdict: Verdict) -> None:
        """Raises UsageError where it cannot be written."""
        if self.folder is None:
            return
        baseline = {"baseline.txt": verdict.baseline.text} if verdict.baseline else {}
        files = {
            "verdict.json": _json(verdict),
            "report.md": markdown_report(verdict, self.language),
            "report.html": html_report(verdict, self.language),
            "story.txt": verdict.story,
            **baseline,
        }
        for name, text in files.items():
            path = self.folder / name
            try:
                path.write_text(text, "utf-8", newline="\n")
            except OSError as error:
                raise UsageError(f"{path} cannot be written", error.strerror or "") from error

    def print(self, verdict: Verdict, out: TextIO) -> None:
        text = _json(verdict) if self.as_json else markdown_report(verdict, self.language)
        print(text, end="", file=out)

    def beside(self, name: str) -> "ReportWriter":
        """The same, in a folder of that name in this one."""
        if self.folder is None:
            return self
        inner = replace(self, folder=self.folder / name)
        inner.prepare()
        return inner

    def reprint(self, verdict: Verdict, out: TextIO) -> None:
        """For whoever has seen it all on a screen."""
        say = REPORT_LANGUAGES[self.language]
        for reason in verdict.void:
            print(f"{say['void']}: {reason}", file=out)
        if verdict.score is not None:
            rate = say["rate"].format(n=len(verdict.counted))
            print(f"{verdict.score.mean:.6f} {rate}", file=out)
        print(f"{say['same']}: {sameness(verdict, say)}", file=out)
        if self.folder is not None:
            print(self.folder / "report.html", file=out)


def _json(verdict: Verdict) -> str:
    return json.dumps(to_json(verdict), ensure_ascii=False, indent=2) + "\n"


Shown = JudgeSession | FallbackJudgeSession | ReplayedJudgeSession | MultiBoardSession

Show = Callable[[Shown], None]
"""A screen for a court: it holds it, and returns when it is left."""


def judge_live(
    options: JudgeOptions,
    sound: Path | None,
    saying: ReportWriter,
    out: TextIO,
    err: TextIO,
    show: Show | None = None,
    safe: Path | None = None,
) -> Exit:
    """`safe` is a recording that stands in on a screen while the board is lost. Raises the
    DuotuiError of what went wrong before the first run."""
    saying.prepare()
    with judged_machine(options.target, options.model, options.tokenizer, sound) as machine:
        if show is not None:
            court = JudgeSession(machine, options)
            show(FallbackJudgeSession(court, safe) if safe is not None else court)
            verdict, trouble = court.outcome()
        else:
            verdict, trouble = asyncio.run(_hold(machine, options, err))
    return _conclude(verdict, trouble, saying, show is not None, out, err)


def judge_recording(
    recording: Path,
    options: JudgeOptions,
    speed: float,
    saying: ReportWriter,
    out: TextIO,
    err: TextIO,
    show: Show | None = None,
) -> Exit:
    """Of a trial that was recorded; `speed` is a screen's, without one it is judged at once.
    Raises the DuotuiError of a recording or a baseline that cannot be had."""
    saying.prepare()
    court = ReplayedJudgeSession(recording, options, speed if show is not None else 0)
    if show is not None:
        show(court)
    else:
        asyncio.run(_replay(court))
    verdict, trouble = court.outcome()
    return _conclude(verdict, trouble, saying, show is not None, out, err)


async def _replay(court: ReplayedJudgeSession) -> None:
    with _stoppable(court):
        await court.run()


def _conclude(
    verdict: Verdict,
    trouble: DuotuiError | None,
    saying: ReportWriter,
    shown: bool,
    out: TextIO,
    err: TextIO,
) -> Exit:
    saying.save(verdict)
    if shown:
        saying.reprint(verdict, out)
    else:
        saying.print(verdict, out)
    if trouble is not None:
        print(f"duotui: {trouble}", file=err)
    return status(verdict, trouble)


def judge_several(
    options: JudgeOptions, saying: ReportWriter, out: TextIO, err: TextIO, show: Show | None = None
) -> Exit:
    """Several boards at once. The status is that of the first that has one. Raises DuotuiError
    where one cannot be had at all."""
    saying.prepare()
    with open_sessions(options) as jury:
        if show is not None:
            show(jury)
            outcomes = jury.outcomes()
        else:
            outcomes = asyncio.run(_hold_jury(jury, err))
    for verdict, _ in outcomes:
        saying.beside(file_label(verdict.target)).save(verdict)
    verdicts = [verdict for verdict, _ in outcomes]
    if saying.as_json:
        print(json.dumps([to_json(v) for v in verdicts], ensure_ascii=False, indent=2), file=out)
    else:
        print(markdown_boards(verdicts, saying.language), end="", file=out)
    for verdict, trouble in outcomes:
        if trouble is not None:
            print(f"duotui: {verdict.target}: {trouble}", file=err)
    found = [status(verdict, trouble) for verdict, trouble in outcomes]
    return next((each for each in found if each is not Exit.OK), Exit.OK)


async def _hold_jury(jury: MultiBoardSession, err: TextIO) -> list[Outcome]:
    lines = [_ProgressPrinter(err, f"{court.options.target}: ") for court in jury.sessions]

    def show(jury: MultiBoardSession) -> None:
        for court, progress in zip(jury.sessions, lines, strict=True):
            progress.show(court)

    jury.subscribe(show)
    with _stoppable(jury):
        return await jury.run()


def judge_outputs(
    path: Path, baseline: Path | None, request: Request, saying: ReportWriter, out: TextIO
) -> Exit:
    """Of a file of runs that somebody recorded. Raises UsageError."""
    saying.prepare()
    runs = tuple(
        Run(True, (), found.story, found.rate, 0.0, 0, 0)
        for found in runc_log.read_log(path, request.prompt)
    )
    right = load_recorded(baseline, request.prompt) if baseline is not None else None
    verdict = with_grammar(Verdict(str(path), request, runs, right))
    saying.save(verdict)
    saying.print(verdict, out)
    return status(verdict, None)


def status(verdict: Verdict, trouble: DuotuiError | None) -> Exit:
    if trouble is not None:
        return trouble.exit
    if verdict.void:
        return Exit.NOT_READY
    return Exit.DIFFERS if verdict.identical is False else Exit.OK


async def _hold(
    machine: JudgedMachine, options: JudgeOptions, err: TextIO
) -> tuple[Verdict, DuotuiError | None]:
    progress = _ProgressPrinter(err)
    court = JudgeSession(machine, options, progress.show)
    with _stoppable(court):
        verdict = await court.run()
    return verdict, court.trial.trouble


class _ProgressPrinter:
    """A line for each run, as it ends."""

    def __init__(self, err: TextIO, lead: str = "") -> None:
        self._err, self._lead = err, lead
        self._shown, self._remarked = 0, False

    def show(self, court: JudgeSession) -> None:
        if court.before is not None and not self._remarked:
            self._remarked = True
            for line in court.before.troubles():
                self._say(line)
        runs = court.trial.runs
        while self._shown < len(runs) and court.baseline is not None:
            run = runs[self._shown]
            self._shown += 1
            count = sum(before.counted for before in runs[: self._shown])
            number = f"{count:>3} of {court.options.runs}" if run.counted else "warm-up"
            same = "= identical" if court.baseline.same(run) else "≠ another story"
            self._say(f"{number:>9}  {run.rate:9.4f} tok/s  {same}")

    def _say(self, line: str) -> None:
        print(self._lead + line, file=self._err, flush=True)


def _stoppable(
    court: JudgeSession | MultiBoardSession | ReplayedJudgeSession,
) -> AbstractContextManager[None]:
    return oscompat.on_signals(oscompat.INTERRUPTS, lambda: court.stop(Cancelled("stopped")))
