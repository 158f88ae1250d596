"""duotui judge."""

import argparse
import sys
from functools import partial
from pathlib import Path

from duotui.commands import asked
from duotui.config import Settings, load
from duotui.core.events import Mode, Request
from duotui.core.player import Player
from duotui.court import Options
from duotui.engines.program import prepare, program
from duotui.engines.sim import check_host
from duotui.errors import UsageError
from duotui.judge.race import Rival, rival
from duotui.judging import Saying, Shown, judge, judge_outputs, judge_recording, judge_several


def run(options: argparse.Namespace) -> int:
    if options.runs < 1 or options.warm < 0:
        raise UsageError(
            f"{options.runs} runs after {options.warm} cannot be judged",
            "--runs 30 is the contest's",
        )
    request = asked.request(options, Request(mode=Mode.EXACT))
    saying = Saying(options.headless, options.report, options.language)
    if options.outputs is not None:
        return judge_outputs(options.outputs, options.baseline, request, saying, sys.stdout)
    model, tokenizer = asked.files(options)
    plan = Options(
        options.target or asked.board_or_sim(), request, model, tokenizer, options.runs,
        options.warm, options.speak, options.anyway, options.baseline, options.record,
        _rival(options.beside),
    )  # fmt: skip
    show = None
    if asked.on_terminal() and not options.headless:
        show = partial(_show_court, settings=load(), ascii_only=options.ascii)
    if plan.rival is not None and show is None:
        raise UsageError("--beside needs a terminal: the race is shown there", "leave it out")
    if Path(plan.target).is_file():
        speed = asked.speed(options.speed)
        recording = Path(plan.target)
        return judge_recording(recording, plan, speed, saying, sys.stdout, sys.stderr, show)
    if plan.target == "sim":
        check_host()
        program()  # where it cannot be had, that is said before anything is looked at
    else:
        prepare()
    asked.check_sound(options.sound, plan.target)
    if "," in plan.target:
        if options.safe is not None:
            raise UsageError("--safe is for one board", "name one")
        return judge_several(plan, saying, sys.stdout, sys.stderr, show)
    if options.safe is not None and show is None:
        raise UsageError("--safe needs a terminal: a recording is shown there", "leave it out")
    return judge(plan, options.sound, saying, sys.stdout, sys.stderr, show, options.safe)


def _rival(recording: Path | None) -> Rival | None:
    if recording is None:
        return None
    found = rival(recording.stem, Player(recording).states())
    if found is None:
        raise UsageError(f"{recording} holds no whole story", "duotui tell --record makes one")
    return found


def _show_court(court: Shown, settings: Settings, ascii_only: bool) -> None:
    from duotui.ui.app import DuoApp

    DuoApp(None, settings, ascii=ascii_only, court=court).show()
