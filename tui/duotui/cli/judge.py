"""duotui judge."""

import argparse
from functools import partial
from pathlib import Path

from duotui.base.errors import UsageError
from duotui.cli import resolve
from duotui.judge.headless import (
    ReportWriter,
    Shown,
    judge_live,
    judge_outputs,
    judge_recording,
    judge_several,
)
from duotui.judge.session import JudgeOptions
from duotui.protocol.request import Mode, Request
from duotui.scoring.rival_run import RivalRun, rival
from duotui.session.replay import ReplaySession
from duotui.settings.config_file import Settings, load
from duotui.targets.engine_binary import find_engine, prepare_engine
from duotui.targets.simulator import check_can_simulate


def run(options: argparse.Namespace) -> int:
    if options.runs < 1 or options.warm < 0:
        raise UsageError(
            f"{options.runs} runs after {options.warm} cannot be judged",
            "--runs 30 is the contest's",
        )
    request = resolve.request(options, Request(mode=Mode.EXACT))
    writer = ReportWriter(options.headless, options.report, options.language)
    if options.outputs is not None:
        return judge_outputs(options.outputs, options.baseline, request, writer)
    model, tokenizer = resolve.files(options)
    plan = JudgeOptions(
        target=options.target or resolve.board_or_sim(),
        request=request,
        model=model,
        tokenizer=tokenizer,
        runs=options.runs,
        warm=options.warm,
        speak=options.speak,
        anyway=options.anyway,
        baseline=options.baseline,
        record=options.record,
        rival=_rival(options.beside),
    )
    show = None
    if resolve.on_terminal() and not options.headless:
        show = partial(_show_session, settings=load(), ascii_only=options.ascii)
    if plan.rival is not None and show is None:
        raise UsageError("--beside needs a terminal: the race is shown there", "leave it out")
    if Path(plan.target).is_file():
        speed = resolve.speed(options.speed)
        recording = Path(plan.target)
        return judge_recording(
            recording=recording, options=plan, writer=writer, show=show, speed=speed
        )
    if plan.target == "sim":
        check_can_simulate()
        find_engine()  # where it cannot be had, that is said before anything is looked at
    else:
        prepare_engine()
    resolve.check_sound(options.sound, plan.target)
    if "," in plan.target:
        if options.safe is not None:
            raise UsageError("--safe is for one board", "name one")
        return judge_several(plan, writer, show)
    if options.safe is not None and show is None:
        raise UsageError("--safe needs a terminal: a recording is shown there", "leave it out")
    return judge_live(plan, writer, show, sound=options.sound, fallback=options.safe)


def _rival(recording: Path | None) -> RivalRun | None:
    if recording is None:
        return None
    found = rival(recording.stem, ReplaySession(recording).states())
    if found is None:
        raise UsageError(f"{recording} holds no whole story", "duotui tell --record makes one")
    return found


def _show_session(session: Shown, settings: Settings, ascii_only: bool) -> None:
    from duotui.ui.app import ConsoleApp

    ConsoleApp(None, settings, ascii=ascii_only, judge_session=session).show()
