"""`duotui judge` without a screen: progress on stderr, the verdict on stdout, a report in files."""

import shlex
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from duotui.base import event_loop, oscompat
from duotui.base.errors import Cancelled, DuotuiError, Exit, UsageError
from duotui.base.translation import gettext as _
from duotui.judge.baseline import load_recorded, with_grammar
from duotui.judge.multi_board import MultiBoardSession, open_sessions
from duotui.judge.options import JudgeOptions
from duotui.judge.progress_printer import ProgressPrinter
from duotui.judge.report_writer import ReportWriter
from duotui.judge.saved_session import SavedSession, file_label
from duotui.judge.session import JudgeSession
from duotui.judge.session_factory import fallback_session, live_session, replayed_session
from duotui.protocol.request import Request
from duotui.scoring import runc_log
from duotui.scoring.run import Run, rate_doubts
from duotui.scoring.verdict import Verdict
from duotui.session.recording import Recording
from duotui.targets.judged_machine import judged_machine

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
    saved: SavedSession | None = None,
) -> Exit:
    """Judge one machine. `fallback` is a recording that a screen shows while the board is lost.
    `saved` is a session to go on with.

    Raises the DuotuiError of a failure before the first run.
    """
    writer.prepare()
    options = options.seeded()
    with ExitStack() as stack:
        machine = stack.enter_context(
            judged_machine(options.target, options.model, options.tokenizer, sound)
        )
        saved = saved or writer.keep(options)
        if saved is not None:
            options = stack.enter_context(saved.sitting(options))
            writer = replace(writer, kept=saved.folder)
        if fallback is not None:
            session = fallback_session(machine, options, fallback)
        else:
            session = live_session(machine, options)
        if saved is not None:
            saved.keep(session)
        if show is None:
            session.subscribe(ProgressPrinter(writer).show)
        return _judge(session, writer, show, saved)


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


def _judge(
    session: JudgeSession,
    writer: ReportWriter,
    show: Show | None,
    saved: SavedSession | None = None,
) -> Exit:
    session.save_report = writer.save_now
    verdict = None
    try:
        if show is not None:
            show(session)
        else:
            event_loop.run(_run(session))
        verdict, trouble = session.outcome()
        writer.publish(verdict, writer.print if show is None else writer.reprint)
    finally:
        if saved is not None:
            with suppress(UsageError):  # the full disk was told about already
                saved.close(verdict)
    if show is None and writer.destination is not None:
        print(_("the report is in {folder}", folder=writer.destination), file=writer.err)
    if writer.bundle is not None:
        print(_("the bundle is in {folder}", folder=writer.bundle), file=writer.err)
    if saved is not None and not saved.finished:
        command = f"duotui judge --continue {shlex.quote(str(saved.folder))}"
        print(_("{command} goes on with it", command=command), file=writer.err)
    if trouble is not None:
        print(f"duotui: {trouble}", file=writer.err)
    return status(verdict, trouble)


async def _run(session: Shown) -> None:
    """Run `session`, and release its machine and its recording, whatever ends it."""
    with oscompat.on_signals(oscompat.INTERRUPTS, lambda: session.stop(Cancelled(_("stopped")))):
        try:
            await session.run()
        finally:
            await session.close()


def judge_several(options: JudgeOptions, writer: ReportWriter, show: Show | None = None) -> Exit:
    """Judge several boards at once. Return the first exit status that is not OK.

    Raises DuotuiError if a board cannot be opened at all.
    """
    writer.prepare()
    with open_sessions(options.seeded(), writer.keep) as boards:
        if show is not None:
            show(boards)
        else:
            printers = [
                ProgressPrinter(writer, f"{session.options.target}: ")
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
        Run(
            counted=True,
            ids=(),
            text=logged.story,
            rate=logged.rate,
            first=0.0,
            peak=0,
            faults=0,
            doubt=logged.doubt,
        )
        for logged in runc_log.read_log(path, request.prompt)
    )
    expected = load_recorded(baseline, request.prompt) if baseline is not None else None
    files = () if baseline is None else ("--baseline", str(baseline))
    verdict = Verdict(
        target=str(path),
        request=request,
        runs=runs,
        baseline=expected,
        void=rate_doubts(runs),
        command=("duotui", "judge", "--outputs", str(path), *files, "-i", request.prompt),
    )
    verdict = with_grammar(verdict)
    writer.publish(verdict, writer.print)
    return status(verdict, None)


def status(verdict: Verdict, trouble: DuotuiError | None) -> Exit:
    if trouble is not None:
        return trouble.exit
    if verdict.void:
        return Exit.NOT_READY
    return Exit.DIFFERS if verdict.identical is False else Exit.OK
