"""`duotui judge` without a screen: progress on stderr, the verdict on stdout, a report in files."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from duotui.base import event_loop, oscompat
from duotui.base.errors import Cancelled, DuotuiError, Exit
from duotui.base.files import atomic_write, check_writable, reported
from duotui.base.json_text import json_text
from duotui.judge.baseline import load_recorded, with_grammar
from duotui.judge.multi_board import MultiBoardSession, file_label, open_sessions
from duotui.judge.options import JudgeOptions
from duotui.judge.session import (
    JudgeSession,
    fallback_session,
    live_session,
    replayed_session,
)
from duotui.protocol.request import Request
from duotui.report.html import html_report
from duotui.report.markdown import markdown_boards, markdown_report
from duotui.report.strings import REPORT_LANGUAGES
from duotui.report.tables import sameness
from duotui.scoring import runc_log
from duotui.scoring.run import Run
from duotui.scoring.verdict import Verdict, to_json
from duotui.session.recording import Recording
from duotui.targets.judged_machine import judged_machine

VERDICT_FILE = "verdict.json"


@dataclass(frozen=True, slots=True)
class ReportWriter:
    """Writer of verdicts to `out` (JSON or Markdown), reports to `folder`, troubles to `err`."""

    as_json: bool = False
    folder: Path | None = None
    language: str = "en"
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)

    def prepare(self) -> None:
        """Make the folder before the first run. Raises UsageError if it cannot be made or
        written."""
        if self.folder is not None:
            with reported(self.folder, "cannot be made"):
                self.folder.mkdir(parents=True, exist_ok=True)
                check_writable(self.folder / VERDICT_FILE)

    def save(self, verdict: Verdict) -> None:
        """Write the files of the report. Raises UsageError if one cannot be written."""
        if self.folder is None:
            return
        baseline = {"baseline.txt": verdict.baseline.text} if verdict.baseline else {}
        files = {
            VERDICT_FILE: json_text(to_json(verdict), ascii_only=False),
            "report.md": markdown_report(verdict, self.language),
            "report.html": html_report(verdict, self.language),
            "story.txt": verdict.story,
            **baseline,
        }
        for name, text in files.items():
            path = self.folder / name
            with reported(path, "cannot be written"):  # a link in the folder is not followed
                atomic_write(
                    path, text.encode("utf-8", "replace"), for_all=True, follow_links=False
                )

    def publish(self, verdict: Verdict, show: Callable[[Verdict], None]) -> None:
        """Show `verdict` before the files, and write these also if stdout fails: neither a full
        disk nor a full stdout takes the verdict with it. Raises StdoutFailed or UsageError."""
        try:
            show(verdict)
        finally:
            self.save(verdict)

    def print(self, verdict: Verdict) -> None:
        text = (
            json_text(to_json(verdict)) if self.as_json else markdown_report(verdict, self.language)
        )
        print(text, end="", file=self.out)

    def print_several(self, verdicts: list[Verdict]) -> None:
        if self.as_json:
            values = [to_json(verdict) for verdict in verdicts]
            print(json_text(values), end="", file=self.out)
        else:
            print(markdown_boards(verdicts, self.language), end="", file=self.out)

    def in_subfolder(self, name: str) -> "ReportWriter":
        """A writer like this one, into the folder `name` inside this one's."""
        if self.folder is None:
            return self
        inner = replace(self, folder=self.folder / name)
        inner.prepare()
        return inner

    def reprint(self, verdict: Verdict) -> None:
        """Print a summary, after a screen has shown the verdict."""
        strings = REPORT_LANGUAGES[self.language]
        for reason in verdict.void:
            print(f"{strings['void']}: {reason}", file=self.out)
        if verdict.score is not None:
            rate = strings["rate"].format(n=len(verdict.counted))
            print(f"{verdict.score.mean:.6f} {rate}", file=self.out)
        print(f"{strings['same']}: {sameness(verdict, strings)}", file=self.out)
        if self.folder is not None:
            print(self.folder / "report.html", file=self.out)


Shown = JudgeSession | MultiBoardSession

Show = Callable[[Shown], None]
"""A screen for a session: it runs the session, and returns when the user leaves it."""


def judge_live(
    options: JudgeOptions,
    writer: ReportWriter,
    show: Show | None = None,
    *,
    sound: Path | None = None,
    fallback: Recording | None = None,
) -> Exit:
    """Judge one machine. `fallback` is a recording that a screen shows while the board is lost.

    Raises the DuotuiError of a failure before the first run.
    """
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
    recording: Recording,
    options: JudgeOptions,
    writer: ReportWriter,
    show: Show | None = None,
    speed: float = 1.0,
) -> Exit:
    """Judge the runs of a recording. `speed` is for a screen; without one they are judged at once.

    Raises the DuotuiError of a recording or a baseline that cannot be used.
    """
    writer.prepare()
    return _judge(replayed_session(recording, options, speed if show else 0), writer, show)


def _judge(session: JudgeSession, writer: ReportWriter, show: Show | None) -> Exit:
    if show is not None:
        show(session)
    else:
        event_loop.run(_run(session))
    verdict, trouble = session.outcome()
    writer.publish(verdict, writer.print if show is None else writer.reprint)
    if trouble is not None:
        print(f"duotui: {trouble}", file=writer.err)
    return status(verdict, trouble)


async def _run(session: Shown) -> None:
    with oscompat.on_signals(oscompat.INTERRUPTS, lambda: session.stop(Cancelled("stopped"))):
        await session.run()


def judge_several(options: JudgeOptions, writer: ReportWriter, show: Show | None = None) -> Exit:
    """Judge several boards at once. Return the first exit status that is not OK.

    Raises DuotuiError if a board cannot be opened at all.
    """
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
            event_loop.run(_run(boards))
        outcomes = boards.outcomes()
    try:
        writer.print_several([verdict for verdict, _ in outcomes])
    finally:
        for verdict, _ in outcomes:
            writer.in_subfolder(file_label(verdict.target)).save(verdict)
    for verdict, trouble in outcomes:
        if trouble is not None:
            print(f"duotui: {verdict.target}: {trouble}", file=writer.err)
    statuses = [status(verdict, trouble) for verdict, trouble in outcomes]
    return next((code for code in statuses if code is not Exit.OK), Exit.OK)


def judge_outputs(
    path: Path, baseline: Path | None, request: Request, writer: ReportWriter
) -> Exit:
    """Judge a file of runs as run.c printed them. Raises UsageError if it holds none."""
    writer.prepare()
    runs = tuple(
        Run(counted=True, ids=(), text=logged.story, rate=logged.rate, first=0.0, peak=0, faults=0)
        for logged in runc_log.read_log(path, request.prompt)
    )
    expected = load_recorded(baseline, request.prompt) if baseline is not None else None
    verdict = with_grammar(Verdict(str(path), request, runs, expected))
    writer.publish(verdict, writer.print)
    return status(verdict, None)


def status(verdict: Verdict, trouble: DuotuiError | None) -> Exit:
    if trouble is not None:
        return trouble.exit
    if verdict.void:
        return Exit.NOT_READY
    return Exit.DIFFERS if verdict.identical is False else Exit.OK


class _ProgressPrinter:
    """Print a line for each run, as it ends."""

    def __init__(self, err: TextIO, lead: str = "") -> None:
        self._err, self._lead = err, lead
        self._shown, self._warned, self._noted = 0, False, ""

    def show(self, session: JudgeSession) -> None:
        if session.before is not None and not (self._warned or session.refused):
            self._warned = True
            for line in session.before.troubles():
                self._print(line)
        if session.note != self._noted:
            self._noted = session.note
            if self._noted:
                self._print(f"duotui: {self._noted}")
        runs = session.source.runs
        while self._shown < len(runs) and session.baseline is not None:
            run = runs[self._shown]
            self._shown += 1
            count = sum(before.counted for before in runs[: self._shown])
            number = f"{count:>3} of {session.options.runs}" if run.counted else "warm-up"
            same = "= identical" if session.baseline.same(run) else "≠ another story"
            doubt = f"  ! {run.doubt}" if run.doubt else ""
            self._print(f"{number:>9}  {run.rate:9.4f} tok/s  {same}{doubt}")

    def _print(self, line: str) -> None:
        print(self._lead + line, file=self._err, flush=True)
