"""Arguments that several commands share, with the same help in each."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from duotui.base.errors import UsageError
from duotui.base.log import LEVELS, LOG_VARIABLE
from duotui.base.translation import gettext as _
from duotui.protocol import limits
from duotui.protocol.request import Mode
from duotui.settings.setting import Setting, decimal_number, whole_number


def add_ascii_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ascii", action="store_true", help=_("no characters beyond ASCII"))


def add_log_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the log, which every command has."""
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help=_("append what happens to it ({variable})", variable=LOG_VARIABLE),
    )
    parser.add_argument("--log-level", choices=LEVELS, default="info", help=_("of it (info)"))


def add_json_argument(parser: argparse.ArgumentParser, help_text: str = "") -> None:
    parser.add_argument("--json", action="store_true", help=help_text or _("as JSON"))


def add_record_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--record", type=Path, metavar="FILE", help=_("write a recording"))


def add_story_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the fields of a Request except its prompt, the model, and the virtual Duo's sound."""
    parser.add_argument("--sound", type=Path, metavar="FILE", help=_("of target virtual: a WAV"))
    add_request_arguments(parser)
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help=_("or name; of sim and baseline")
    )
    parser.add_argument(
        "--tokenizer", type=Path, metavar="FILE", help=_("beside --model by default")
    )


def add_request_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the fields of a Request except its prompt."""
    temperature = argument_type(decimal_number(0, limits.MAX_TEMPERATURE))
    top_p = argument_type(decimal_number(0, limits.MAX_TOP_P))
    seed = argument_type(whole_number(0, limits.MAX_SEED))
    steps = argument_type(whole_number(0, limits.MAX_STEPS))
    parser.add_argument(
        "-t", "--temperature", type=temperature, metavar="X", help=_("from 0 (1.0)")
    )
    parser.add_argument("-p", "--top-p", type=top_p, metavar="X", help=_("0 to 1 (0.9)"))
    parser.add_argument("-s", "--seed", type=seed, metavar="N", help=_("0 chooses one (123)"))
    parser.add_argument("-n", "--steps", type=steps, metavar="N", help=_("0: whole context (256)"))
    parser.add_argument("--mode", choices=list(Mode), type=_mode, help=_("of the engine (exact)"))


def argument_type(setting: Setting) -> Callable[[str], Any]:
    """Return the `type` of an argument whose values are those of `setting`."""

    def parse(text: str) -> Any:  # noqa: ANN401 - as many types as there are settings
        try:
            return setting.check(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(error.message) from error

    return parse


SPEED = argument_type(decimal_number(0, 1000))
"""Speed of playing a recording; 0 is at once."""


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("{text} is not a mode", text=text)) from error
