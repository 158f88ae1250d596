"""duotui judge: the contest's runs, their comparison with the baseline, and a report."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from duotui.base.errors import UsageError
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli import resolve
from duotui.cli.arguments import (
    SPEED,
    add_ascii_argument,
    add_record_argument,
    add_story_arguments,
    argument_type,
)
from duotui.cli.target import add_target_arguments, target_of
from duotui.protocol.request import Mode, Request
from duotui.scoring.mean_rate import RUNS, WARM_UP_RUNS
from duotui.settings.setting import whole_number

if TYPE_CHECKING:
    from duotui.judge.headless import Show, Shown
    from duotui.judge.saved_session import SavedSession
    from duotui.scoring.rival_run import RivalRun

MAX_RUNS = 1_000_000
"""Runs of a judge session at most, and warm-up runs."""

LATEST = ""
"""The folder of the last session that was cut off."""

DEFAULTS = {"runs": RUNS, "warm": WARM_UP_RUNS, "speak": False, "anyway": False}
"""Values of the options that are not None if they are not given."""

OF_THE_SESSION = (
    *("runs", "warm", "speak", "baseline", "record", "model", "tokenizer"),
    *("mode", "steps", "temperature", "top_p", "seed", "prompt"),
)
"""Options that a session keeps when it goes on."""

BESIDE_OUTPUTS = (
    *("target", "runs", "warm", "speak", "anyway", "record", "safe", "beside", "bundle", "resumed"),
    *("model", "tokenizer"),
)
"""Options of a session, which a log has none of."""

HELP = N_("The contest's runs, whether they are the baseline's story, a report.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser, more=_(", or a recording"))
    runs = argument_type(whole_number(1, MAX_RUNS))
    warm = argument_type(whole_number(0, MAX_RUNS))
    parser.add_argument("--runs", type=runs, default=RUNS, metavar="N", help=f"({RUNS})")
    parser.add_argument(
        "--warm", type=warm, default=WARM_UP_RUNS, metavar="N", help=_("before (1)")
    )
    parser.add_argument("--speak", action="store_true", help=_("then time the board's speech"))
    parser.add_argument("--anyway", action="store_true", help=_("also where it will be void"))
    parser.add_argument("--baseline", type=Path, metavar="FILE", help=_("what run.c printed"))
    parser.add_argument("--outputs", type=Path, metavar="FILE", help=_("judge this, no target"))
    add_ascii_argument(parser)
    add_record_argument(parser)
    parser.add_argument("--safe", type=Path, metavar="FILE", help=_("shown if the board is lost"))
    parser.add_argument("--beside", type=Path, metavar="FILE", help=_("a recording to race with"))
    parser.add_argument("--speed", type=SPEED, default=1.0, help=_("of a recording (1)"))
    parser.add_argument("--headless", action="store_true", help=_("JSON on stdout, no screen"))
    parser.add_argument("--report", type=Path, metavar="FOLDER", help=_("write the report there"))
    parser.add_argument(
        "--bundle", type=Path, metavar="FOLDER", help=_("write there what the pull request needs")
    )
    parser.add_argument(
        "--continue",
        dest="resumed",
        nargs="?",
        const=LATEST,
        metavar="FOLDER",
        help=_("go on with a session that was cut off (the last one)"),
    )
    parser.add_argument("-i", "--prompt", metavar="TEXT", help=_("(Once upon a time)"))
    add_story_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from duotui.judge import headless
    from duotui.judge.options import JudgeOptions
    from duotui.judge.report_writer import ReportWriter
    from duotui.settings.config_file import data_dir
    from duotui.targets.engine_binary import find_engine, prepare_engine
    from duotui.targets.simulator import check_can_simulate

    request = resolve.request(options, Request(mode=Mode.EXACT))
    home = data_dir() / "judge"
    writer = ReportWriter(
        as_json=options.headless, folder=options.report, home=home, bundle=options.bundle
    )
    if options.outputs is not None:
        _refuse(options, BESIDE_OUTPUTS, _("{option} is not for --outputs"))
        return headless.judge_outputs(options.outputs, options.baseline, request, writer)
    model, tokenizer = resolve.files(options)
    saved = None if options.resumed is None else _saved(options, home)
    plan = (
        saved.options
        if saved is not None
        else JudgeOptions(
            target=target_of(options, lambda: resolve.board_or_question(ask=not options.headless)),
            request=request,
            model=model,
            tokenizer=tokenizer,
            runs=options.runs,
            warm=options.warm,
            speak=options.speak,
            anyway=options.anyway,
            baseline=options.baseline,
            record=options.record,
            model_arguments=_model_arguments(options),
        )
    )
    plan = replace(plan, rival=_rival(options.beside))
    if Path(plan.target).is_dir():
        raise UsageError(
            _("{folder} is a folder", folder=plan.target),
            _("name its recording.jsonl, or: duotui judge --continue FOLDER"),
        )
    show = _screen(options.ascii) if resolve.on_terminal() and not options.headless else None
    if plan.rival is not None and show is None:
        raise UsageError(_("--beside needs a terminal: the race is shown there"), _("leave it out"))
    if Path(plan.target).is_file():
        recording = resolve.recording(Path(plan.target))
        return headless.judge_recording(
            recording=recording, options=plan, writer=writer, show=show, speed=options.speed
        )
    if plan.target == "sim":
        check_can_simulate()
        find_engine()  # fail before the judge session if there is no engine
    else:
        prepare_engine()
    resolve.check_sound(options.sound, plan.target)
    if "," in plan.target:
        for option, given in (
            ("--safe", options.safe),
            ("--bundle", options.bundle),
        ):
            if given is not None:
                raise UsageError(_("{option} is for one board", option=option), _("name one"))
        return headless.judge_several(plan, writer, show)
    if options.safe is not None and show is None:
        raise UsageError(
            _("--safe needs a terminal: a recording is shown there"), _("leave it out")
        )
    fallback = None if options.safe is None else resolve.recording(options.safe)
    return headless.judge_live(
        plan, writer, show, sound=options.sound, fallback=fallback, saved=saved
    )


def _saved(options: argparse.Namespace, home: Path) -> SavedSession:
    """Return the session to go on with, at another target if one is named. Raises UsageError."""
    from duotui.judge.saved_session import SavedSession

    _refuse(options, OF_THE_SESSION, _("{option} is that of the session that goes on"))
    if options.resumed == LATEST:
        saved = SavedSession.latest(home)
    else:
        saved = SavedSession.load(Path(options.resumed))
    named = options.target if options.target is not None else saved.options.target
    target = target_of(argparse.Namespace(target=named, wait=options.wait))
    if "," in target:
        raise UsageError(_("{option} is for one board", option="--continue"), _("name one"))
    anyway = saved.options.anyway or options.anyway
    saved.options = replace(saved.options, target=target, anyway=anyway)
    return saved


def _refuse(options: argparse.Namespace, names: Sequence[str], why: str) -> None:
    """Refuse an option of `names` that is given, and would have no effect. Raises UsageError."""
    for name in names:
        value, usual = getattr(options, name), DEFAULTS.get(name)
        if value != usual:
            option = {"resumed": "continue", "target": "TARGET"}.get(name, name.replace("_", "-"))
            text = option if option.isupper() else f"--{option}"
            raise UsageError(why.format(option=text), _("leave it out"))


def _model_arguments(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the options that name the model, as they were given."""
    model = ("--model", str(options.model)) if options.model is not None else ()
    tokenizer = ("--tokenizer", str(options.tokenizer)) if options.tokenizer is not None else ()
    return (*model, *tokenizer)


def _rival(recording: Path | None) -> RivalRun | None:
    """Return the run to race with. Raises UsageError if the recording has no complete run."""
    if recording is None:
        return None
    from duotui.scoring.rival_run import rival

    complete_run = rival(recording.stem, resolve.recording(recording).states())
    if complete_run is None:
        raise UsageError(
            _("{recording} holds no whole story", recording=recording),
            _("duotui tell --record makes one"),
        )
    return complete_run


def _screen(ascii_only: bool) -> Show:
    """Return a function that shows a judge session in the console, with the user's settings."""
    from duotui.settings.config_file import load

    settings = load()

    def show(session: Shown) -> None:
        from duotui.ui.app import ConsoleApp

        ConsoleApp(None, settings, ascii=ascii_only, judge_session=session).show()

    return show
