"""What can be said on the command line, for each command."""

import argparse
from pathlib import Path
from typing import NoReturn

from duotui import __version__
from duotui.base.errors import UsageError
from duotui.protocol.request import Mode
from duotui.scoring.mean_rate import RUNS, WARM_UP_RUNS
from duotui.settings.parental_settings import LANGUAGE_CHOICES, VOICE_CHOICES

COMMAND_NAMES = (
    "story",
    "tell",
    "judge",
    "setup",
    "doctor",
    "model",
    "devices",
    "replay",
    "pack",
    "inspect",
)


class _Parser(argparse.ArgumentParser):
    """argparse, but one line for an error."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"{self.prog} --help tells more")


def parser_of(command: str) -> argparse.ArgumentParser:
    """Of a command, or of the console for "". Its errors are UsageErrors."""
    parser = _Parser(prog=f"duotui {command}".strip(), allow_abbrev=False)
    if command == "devices":
        parser.description = "The serial ports of this computer, boards first."
        parser.add_argument("--json", action="store_true", help="as JSON")
        return parser
    if command == "setup":
        parser.description = "Put the storyteller on a board, over its own line; shows what first."
        parser.add_argument("target", nargs="?", default="auto", help="auto, a port or a URL")
        parser.add_argument("--model", type=Path, metavar="FILE", help=".duo, .bin, or a name")
        parser.add_argument("--tokenizer", type=Path, metavar="FILE", help="beside --model")
        parser.add_argument("--engine", type=Path, metavar="FILE", help="another duollama for it")
        parser.add_argument("--sd", type=Path, metavar="FOLDER", help="its card, mounted there")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        return parser
    if command == "model":
        parser.description = "Models that are known by name: what there is, and fetching one."
        parser.add_argument("action", choices=("list", "get"))
        parser.add_argument("name", nargs="?", help="of the model to get")
        parser.add_argument("--from", dest="source", metavar="URL", help="where its files are")
        parser.add_argument("--json", action="store_true", help="the list, as JSON")
        return parser
    if command == "doctor":
        parser.description = "Look at every link from the port to the board's loudspeaker."
        parser.add_argument("target", nargs="?", default="auto", help="auto, a port or a URL")
        parser.add_argument("--json", action="store_true", help="as JSON")
        return parser
    if command == "replay":
        parser.description = "Show a recording in the console; without a terminal, its story."
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--speed", type=float, default=1.0, help="2: twice as fast, 0: at once")
        parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
        return parser
    if command == "pack":
        parser.description = "Pack a llama2.c model (.bin) as a board reads it (.duo)."
        parser.add_argument("model", type=Path, metavar="MODEL", help="version 0 or 2")
        parser.add_argument("--tokenizer", type=Path, metavar="FILE", help="beside it by default")
        parser.add_argument("--modes", default="exact,fast", help="exact,fast or one of them")
        parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="MODEL.duo by default")
        return parser
    if command == "inspect":
        parser.description = "What a packed model holds, checked, and what it costs to tell from."
        parser.add_argument("file", type=Path, metavar="FILE")
        return parser
    if command == "judge":
        parser.description = "The contest's runs, whether they are the baseline's story, a report."
        parser.add_argument(
            "target", nargs="?", help="auto, sim, virtual, a port, a URL, or a recording"
        )
        parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"({RUNS})")
        parser.add_argument(
            "--warm", type=int, default=WARM_UP_RUNS, metavar="N", help="before them (1)"
        )
        parser.add_argument("--speak", action="store_true", help="then time the board's speech")
        parser.add_argument("--anyway", action="store_true", help="also where it will be void")
        parser.add_argument("--baseline", type=Path, metavar="FILE", help="what run.c printed")
        parser.add_argument("--outputs", type=Path, metavar="FILE", help="judge this, no target")
        parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
        parser.add_argument("--record", type=Path, metavar="FILE", help="write a recording")
        parser.add_argument("--safe", type=Path, metavar="FILE", help="shown if the board is lost")
        parser.add_argument("--beside", type=Path, metavar="FILE", help="a recording to race with")
        parser.add_argument("--speed", type=float, default=1.0, help="of a recording (1)")
        parser.add_argument("--headless", action="store_true", help="JSON on stdout, no screen")
        parser.add_argument("--report", type=Path, metavar="FOLDER", help="write the report there")
        parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the report")
        parser.add_argument("-i", "--prompt", metavar="TEXT", help="(Once upon a time)")
    elif command == "story":
        parser.description = "The story machine: cards, pictures and a story, for a child alone."
        parser.add_argument("target", nargs="?", help="auto, sim, virtual, a port or a URL")
        parser.add_argument("--voice", choices=VOICE_CHOICES, help="who reads aloud; off is nobody")
        parser.add_argument("--name", help="the child's")
        parser.add_argument("--theme", help="bedtime, cream, forest, sea, space or another")
        parser.add_argument("--language", choices=LANGUAGE_CHOICES, help="of the screen")
        parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
    elif command == "tell":
        parser.description = "Tell a story on stdout, with the numbers on stderr."
        parser.add_argument("prompt", nargs="?", help="how it begins (Once upon a time)")
        parser.add_argument(
            "--port", "--target", dest="target", help="auto, sim, virtual, a port or a URL"
        )
        parser.add_argument("--check", action="store_true", help="compare with the baseline")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
        parser.add_argument("--ids", type=Path, metavar="FILE", help="write the token ids")
        parser.add_argument("--record", type=Path, metavar="FILE", help="write a recording")
        parser.add_argument("--speak", action="store_true", help="then have the board say it aloud")
    else:
        parser.description = "A small board tells a story, and you see that it is the right one."
        parser.epilog = f"Commands: duotui {', '.join(COMMAND_NAMES)}. Each has --help."
        parser.add_argument(
            "target", nargs="?", help="auto, sim, virtual, a port (/dev/ttyACM0) or a URL"
        )
        parser.add_argument("--version", action="version", version=f"duotui {__version__}")
        parser.add_argument("-i", "--prompt", metavar="TEXT", help="begin to tell this at once")
        parser.add_argument("--theme", help="of the console")
        parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
        parser.add_argument("--record", type=Path, metavar="FILE", help="write a recording")
        parser.add_argument("--no-baseline", action="store_true", help="do not compare")
    parser.add_argument("--sound", type=Path, metavar="FILE", help="of target virtual: a WAV")
    parser.add_argument("-t", "--temperature", type=float, metavar="X", help="0 or more (1.0)")
    parser.add_argument("-p", "--top-p", type=float, metavar="X", help="0 to 1 (0.9)")
    parser.add_argument("-s", "--seed", type=int, metavar="N", help="0 chooses one (123)")
    parser.add_argument("-n", "--steps", type=int, metavar="N", help="0 is the whole context (256)")
    parser.add_argument("--mode", choices=list(Mode), type=_mode, help="of the engine (exact)")
    parser.add_argument("--model", type=Path, metavar="FILE", help="or name; of sim and baseline")
    parser.add_argument("--tokenizer", type=Path, metavar="FILE", help="beside --model by default")
    return parser


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a mode") from error
