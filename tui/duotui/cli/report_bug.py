"""duotui report-bug: what a report of a fault needs, with nothing private in it."""

import argparse
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from duotui import __version__
from duotui.base.errors import DuotuiError, Exit
from duotui.base.files import atomic_write, read_tail, reason, reported
from duotui.base.log import LOG_VARIABLE
from duotui.base.private_words import private_words, without_private
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.base.untrusted_text import bounded_line
from duotui.cli.target import add_target_arguments, target_of
from duotui.settings.config_file import DEFAULT_THEME, Settings, load
from duotui.ui.export_paths import save_text

HELP = N_("Write down what a report of a fault needs: versions, terminal, board, log.")

LOG_TAIL_BYTES = 16_000
REPORT_LINE_LIMIT = 400

TERMINAL_VARIABLES = (
    *("TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "LANG", "LC_ALL"),
    *("LANGUAGE", "NO_COLOR"),
)
WITHIN = ("TMUX", "STY", "SSH_TTY", "WSL_DISTRO_NAME", "container")
"""Variables whose values say too much: their presence tells what the terminal is in."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help=_("duotui-report-TIME.md by default")
    )


def run(options: argparse.Namespace) -> int:
    settings = load()
    log = options.log or os.environ.get(LOG_VARIABLE)
    sections = {
        "Versions": _versions(),
        "Terminal": _terminal(),
        "Settings": _settings(settings),
        "Devices": _devices(),
        "Doctor": _findings(options),
        "Log": _log_tail(Path(log) if log else None),
    }
    text = "".join(_lines(sections, private_words(_own_words(settings))))
    print(text, end="")
    out = options.out
    if out is None:
        out = save_text(text, "report", ".md")
    else:
        with reported(out, _("cannot be written")):
            atomic_write(out, text.encode("utf-8", "replace"), for_all=True)
    note = _("this is in {path}; read it before you share it", path=out)
    print(f"duotui: {note}", file=sys.stderr)
    return Exit.OK


def _own_words(settings: Settings) -> Iterator[tuple[str, str]]:
    """The words of the settings and of the ports that identify somebody."""
    from duotui.link.ports import ports

    if settings.story != Settings().story:
        yield settings.story.prompt, "PROMPT"
    yield settings.parental.name, "NAME"
    yield settings.parental.code, "CODE"
    for port in ports():
        yield port.serial_number, "SERIAL"


def _lines(sections: Mapping[str, Iterable[str]], words: Mapping[str, str]) -> Iterator[str]:
    """The lines of the report, those of a section as code, which no text can end. Private words are
    replaced before a line is cut: a half of one would stay."""
    yield "# duotui report\n"
    for title, lines in sections.items():
        yield f"\n## {title}\n\n"
        for line in lines:
            yield f"    {bounded_line(without_private(line, words), REPORT_LINE_LIMIT)}\n"


def _versions() -> Iterator[str]:
    from duotui.targets.engine_binary import find_engine

    yield f"duotui {__version__}, Python {platform.python_version()}"
    yield f"{platform.system()} {platform.release()} {platform.machine()}"
    try:
        yield f"engine: {find_engine()}"
    except DuotuiError as error:
        yield f"engine: {error}"
    yield ", ".join(_packages())


def _packages() -> Iterator[str]:
    """The installed packages of those that the program names."""
    try:
        named = metadata.requires("duotui") or []
    except metadata.PackageNotFoundError:
        named = []
    for each in named:
        if re.search("extra == .(dev|wheels)", each):
            continue
        name = re.split(r"[^\w.-]", each, maxsplit=1)[0]
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue


def _terminal() -> Iterator[str]:
    for name in TERMINAL_VARIABLES:
        if os.environ.get(name):
            yield f"{name}={os.environ[name]}"
    for name in WITHIN:
        if os.environ.get(name):
            yield f"{name} is set"
    columns, lines = shutil.get_terminal_size((0, 0))
    yield f"{columns}x{lines}, encoding {sys.getfilesystemencoding()}"
    streams = (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr))
    yield ", ".join(
        f"{name} is {'a' if stream.isatty() else 'no'} terminal" for name, stream in streams
    )


def _settings(settings: Settings) -> Iterator[str]:
    """The settings that no user's words are in; of a bad line its name alone."""
    yield f"file: {'there' if settings.path.exists() else 'not there'}"
    yield f"theme {'default' if settings.theme == DEFAULT_THEME else 'another'}"
    yield f"ascii {settings.ascii}, language {settings.language}, mode {settings.story.mode}"
    for warning in settings.warnings:
        yield f"not usable: {warning.partition(':')[0]}"


def _devices() -> Iterator[str]:
    from duotui.cli.devices import devices

    for path, kind, described, _mend in devices():
        yield f"{path} {kind} {described}"


def _findings(options: argparse.Namespace) -> Iterator[str]:
    """doctor's findings. A failure of doctor itself is one of them: the report is then needed."""
    from duotui.board.doctor import examine

    try:
        for finding in examine(target_of(options)):
            sign = {True: "ok", False: "WRONG", None: "?"}[finding.right]
            yield f"{sign:<6} {finding.link:<12} {finding.what}"
    except DuotuiError as error:
        yield str(error)
    except Exception as error:
        yield f"unexpected {error!r}"


def _log_tail(log: Path | None) -> Iterator[str]:
    if log is None:
        yield "none: --log FILE keeps one; do it again with it, then report-bug --log FILE"
        return
    try:
        yield from read_tail(log, LOG_TAIL_BYTES).splitlines()
    except OSError as error:
        yield f"{log.name} cannot be read: {reason(error)}"
