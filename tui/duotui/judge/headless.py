"""`duotui judge` without a screen: progress on stderr, the verdict on stdout, a report in files."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from duotui.base import oscompat
from duotui.base.errors import Cancelled, DuotuiError, Exit, UsageError
from duotui.judge.baseline import load_recorded, with_grammar
from duotui.judge.multi_board import MultiBoardSession, file_label, open_sessions
from duotui.judge.session import (
    JudgeOptions,
    JudgeSession,
    fallback_session,
    live_session,
    replayed_session,
)
from duotui.protocol.request import Request
from duotui.report.html import html_report
from duotui.report.markdown import markdown_boards, markdown_report, sameness
from duotui.report.strings import REPORT_LANGUAGES
from duotui.scoring import runc_log
from duotui.scoring.run import Run
from duotui.scoring.verdict import Verdict, to_json
from duotui.targets.judged_machine import judged_machine


@dataclass(frozen=True, slots=True)
class ReportWriter:
    """Writes verdicts: to `out` as JSON or Markdown, into files of a folder, trouble to `err`."""

    as_json: bool = False
    folder: Path | None = None
    language: str = "en"
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)

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

    def print(self, verdict: Verdict) -> None:
        text = _json(verdict) if self.as_json else markdown_report(verdict, self.language)
        print(text, end="", file=self.out)

    def print_several(self, verdicts: list[Verdict]) -> None:
        if self.as_json:
            values = [to_json(verdict) for verdict in verdicts]
            print(json.dumps(values, ensure_ascii=False, indent=2), file=self.out)
        else:
            print(markdown_boards(verdicts, self.language), end="", file=self.out)

    def beside(self, name: str) -> "ReportWriter":
        """The same, in a folder of that name in this one."""
        if self.folder is None:
            return self
        inner = replace(self, folder=self.folder / name)
        inner.prepare()
        return inner

    def reprint(self, verdict: Verdict) -> None:
        """For whoever has seen it all on a screen."""
        say = REPORT_LANGUAGES[self.language]
        for reason in verdict.void:
            print(f"{say['void']}: {reason}", file=self.out)
        if verdict.score is not None:
            rate = say["rate"].format(n=len(verdict.counted))
            print(f"{verdict.score.mean:.6f} {rate}", file=self.out)
        print(f"{say['same']}: {sameness(verdict, say)}", file=self.out)
        if self.folder is not None:
            print(self.folder / "report.html", file=self.out)


def _json(verdict: Verdict) -> str:
    return json.dumps(to_json(verdict), ensure_ascii=False, indent=2) + "\n"


Shown = JudgeSession | MultiBoardSession

Show = Callable[[Shown], None]
"""A screen for a session: it runs the session, and returns when it is left."""


def judge_live(
    options: JudgeOptions,
    writer: ReportWriter,
    show: Show | None = None,
    *,
    sound: Path | None = None,
    fallback: Path | None = None,
) -> Exit:
    """Judge one machine. `fallback` is a recording that a screen shows while the board is lost.

    Raises the DuotuiError of what went wrong before the first run."""
    writer.prepare()
    with judged_machine(options.target, options.model, options.tokenizer, sound) as machine:
        if fallback is not None:
            session = fallback_session(machine, options, fallback)
        else:
            session = live_session(machine, options)
        if show is None:
            session.subscribe(_ProgressPrinter(writer.err).show)
        return _judge(session, writer, show)


def judge_recording(
    recording: Path,
    options: JudgeOptions,
    writer: ReportWriter,
    show: Show | None = None,
    speed: float = 1.0,
) -> Exit:
    """Judge the runs of a recording. `speed` is a screen's; without one they are judged at once.

    Raises the DuotuiError of a recording or a baseline that cannot be had."""
    writer.prepare()
    return _judge(replayed_session(recording, options, speed if show else 0), writer, show)


def _judge(session: JudgeSession, writer: ReportWriter, show: Show | None) -> Exit:
    if show is not None:
        show(session)
    else:
        asyncio.run(_run(session))
    verdict, trouble = session.outcome()
    writer.save(verdict)
    if show is not None:
        writer.reprint(verdict)
    else:
        writer.print(verdict)
    if trouble is not None:
        print(f"duotui: {trouble}", file=writer.err)
    return status(verdict, trouble)


async def _run(session: Shown) -> None:
    with oscompat.on_signals(oscompat.INTERRUPTS, lambda: session.stop(Cancelled("stopped"))):
        await session.run()


def judge_several(options: JudgeOptions, writer: ReportWriter, show: Show | None = None) -> Exit:
    """Judge several boards at once. The status is that of the first that has one.

    Raises DuotuiError where a board cannot be had at all."""
    writer.prepare()
    with open_sessions(options) as boards:
        if show is not None:
            show(boards)
        else:
            printers = [
                _ProgressPrinter(writer.err, f"{session.options.target}: ")
                for session in boards.sessions
            ]

            def show_progress(boards: MultiBoardSession) -> None:
                for session, printer in zip(boards.sessions, printers, strict=True):
                    printer.show(session)

            boards.subscribe(show_progress)
            asyncio.run(_run(boards))
        outcomes = boards.outcomes()
    for verdict, _ in outcomes:
        writer.beside(file_label(verdict.target)).save(verdict)
    writer.print_several([verdict for verdict, _ in outcomes])
    for verdict, trouble in outcomes:
        if trouble is not None:
            print(f"duotui: {verdict.target}: {trouble}", file=writer.err)
    found = [status(verdict, trouble) for verdict, trouble in outcomes]
    return next((each for each in found if each is not Exit.OK), Exit.OK)


def judge_outputs(
    path: Path, baseline: Path | None, request: Request, writer: ReportWriter
) -> Exit:
    """Judge a file of runs as run.c printed them. Raises UsageError where it holds none."""
    writer.prepare()
    runs = tuple(
        Run(counted=True, ids=(), text=found.story, rate=found.rate, first=0.0, peak=0, faults=0)
        for found in runc_log.read_log(path, request.prompt)
    )
    right = load_recorded(baseline, request.prompt) if baseline is not None else None
    verdict = with_grammar(Verdict(str(path), request, runs, right))
    writer.save(verdict)
    writer.print(verdict)
    return status(verdict, None)


def status(verdict: Verdict, trouble: DuotuiError | None) -> Exit:
    if trouble is not None:
        return trouble.exit
    if verdict.void:
        return Exit.NOT_READY
    return Exit.DIFFERS if verdict.identical is False else Exit.OK


class _ProgressPrinter:
    """A line for each run, as it ends."""

    def __init__(self, err: TextIO, lead: str = "") -> None:
        self._err, self._lead = err, lead
        self._shown, self._remarked = 0, False

    def show(self, session: JudgeSession) -> None:
        if session.before is not None and not self._remarked:
            self._remarked = True
            for line in session.before.troubles():
                self._say(line)
        runs = session.source.runs
        while self._shown < len(runs) and session.baseline is not None:
            run = runs[self._shown]
            self._shown += 1
            count = sum(before.counted for before in runs[: self._shown])
            number = f"{count:>3} of {session.options.runs}" if run.counted else "warm-up"
            same = "= identical" if session.baseline.same(run) else "≠ another story"
            self._say(f"{number:>9}  {run.rate:9.4f} tok/s  {same}")

    def _say(self, line: str) -> None:
        print(self._lead + line, file=self._err, flush=True)
