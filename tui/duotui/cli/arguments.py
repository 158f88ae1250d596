"""Arguments that several commands share, with the same help in each."""

import argparse
from pathlib import Path

from duotui.protocol.request import Mode


def add_ascii_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")


def add_json_argument(parser: argparse.ArgumentParser, help_text: str = "as JSON") -> None:
    parser.add_argument("--json", action="store_true", help=help_text)


def add_record_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--record", type=Path, metavar="FILE", help="write a recording")


def add_port_argument(parser: argparse.ArgumentParser) -> None:
    """Add the target of a command that needs a board's port."""
    parser.add_argument("target", nargs="?", default="auto", help="auto, a port or a URL")


def add_story_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the fields of a Request except its prompt, the model, and the virtual Duo's sound."""
    parser.add_argument("--sound", type=Path, metavar="FILE", help="of target virtual: a WAV")
    parser.add_argument("-t", "--temperature", type=float, metavar="X", help="0 or more (1.0)")
    parser.add_argument("-p", "--top-p", type=float, metavar="X", help="0 to 1 (0.9)")
    parser.add_argument("-s", "--seed", type=int, metavar="N", help="0 chooses one (123)")
    parser.add_argument("-n", "--steps", type=int, metavar="N", help="0 is the whole context (256)")
    parser.add_argument("--mode", choices=list(Mode), type=_mode, help="of the engine (exact)")
    parser.add_argument("--model", type=Path, metavar="FILE", help="or name; of sim and baseline")
    parser.add_argument("--tokenizer", type=Path, metavar="FILE", help="beside --model by default")


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a mode") from error
