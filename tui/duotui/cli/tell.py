"""duotui tell: a story without a screen."""

import argparse
import sys
from pathlib import Path

from duotui.base import event_loop
from duotui.base.errors import Exit
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.cli import resolve
from duotui.cli.arguments import add_json_argument, add_record_argument, add_story_arguments
from duotui.cli.target import add_target_arguments, target_of
from duotui.protocol.request import Request

HELP = N_("Tell a story on stdout, with the numbers on stderr.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", nargs="?", help=_("how it begins (Once upon a time)"))
    add_target_arguments(parser, "--port", "--target")
    parser.add_argument("--check", action="store_true", help=_("compare with the baseline"))
    add_json_argument(parser, _("one JSON object on stdout"))
    parser.add_argument("--ids", type=Path, metavar="FILE", help=_("write the token ids"))
    add_record_argument(parser)
    parser.add_argument("--speak", action="store_true", help=_("then have the board say it aloud"))
    add_story_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from duotui.cli.headless_run import HeadlessRun, TellOptions

    request = resolve.request(options, Request())
    target = target_of(options, resolve.board_or_sim)
    session = resolve.session(target, options, baseline=options.check)
    tell = TellOptions(
        request=request,
        mode_is_named=options.mode is not None,
        check=options.check,
        as_json=options.json,
        ids=options.ids,
        record=options.record,
        speak=options.speak,
    )

    async def generate() -> None:
        await HeadlessRun(session, tell, sys.stdout, sys.stderr).run()

    event_loop.run(generate())
    return Exit.OK
