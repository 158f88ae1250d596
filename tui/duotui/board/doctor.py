"""`duotui doctor`: checks from this computer's port to a board's loudspeaker."""

import itertools
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from duotui.base import resources
from duotui.base.board_profile import DUO_64M
from duotui.base.errors import DuotuiError, Exit, UsageError
from duotui.base.json_text import json_text
from duotui.base.text_width import lines_of, padded
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.board.agent_launcher import open_shell
from duotui.board.checks import Finding, check_board
from duotui.board.login import no_shell_error, shown_line
from duotui.board.pexpect_transport import TransportSpawn
from duotui.board.port_probe import PeerState, probe_peer
from duotui.link.port_access import holders, permission_hint
from duotui.link.ports import (
    ID_PREFIX,
    Port,
    exists,
    listed,
    port_of,
    ports,
)
from duotui.link.serial_transport import SerialTransport
from duotui.link.usb_devices import usb_devices

UDEV_RULE_FOLDERS = tuple(Path(folder) / "udev/rules.d" for folder in ("/etc", "/usr/lib", "/lib"))
PORT_COMMANDS = ("duotui setup", "duotui doctor --tone")
"""Commands that may get the port as their last word."""

UDEV_RULE = "host/60-duotui.rules"
MODEM_MANAGER = "ModemManager"
USABLE_STATES = (PeerState.AGENT, PeerState.SHELL, PeerState.LOGIN, PeerState.PASSWORD)
"""States from which a shell can be reached."""
UNKNOWN_STATES = (PeerState.PROGRAM, PeerState.BOOTING)
"""States in which the last line that was seen says more."""

LEAD_WIDTH = 20
"""Columns of a finding's sign and link."""

HOLDERS_NAMED = 3
"""Most programs named that hold a port."""


def examine(target: str, *, tone: bool = False) -> Iterator[Finding]:
    """Yield the findings, link by link. A broken port ends the checks. With `tone` the board plays
    one. Raises UsageError."""
    if target in ("sim", "virtual"):
        raise UsageError(
            _("{target} has no port to look at", target=target),
            _("name one, as duotui devices lists it"),
        )
    known = ports()
    path = target
    if target == "auto" or target.startswith(ID_PREFIX):
        try:
            path = port_of(target, known, usb_devices()).path
        except DuotuiError as error:
            yield Finding(
                link="port", right=False, what=error.message, mend=error.hint, exit=error.exit
            )
            return
    broken = False
    for finding in of_port(path, known):
        yield finding
        broken = broken or finding.right is False
    if not broken:
        for finding in _check_line(path, listed(path, known), tone):
            yield finding if target == "auto" else _with_port(finding, target)


def of_port(
    path: str,
    known: list[Port],
    proc: Path = Path("/proc"),
    rules: Sequence[Path] = UDEV_RULE_FOLDERS,
) -> Iterator[Finding]:
    """Check a port without opening it."""
    if "://" in path:
        yield Finding("port", None, _("{path}, on another computer", path=path))
        return
    if not exists(path, known):
        mend = _("plug the board in, then look for its port: duotui devices")
        yield Finding(
            link="port",
            right=False,
            what=_("there is no {path}", path=path),
            mend=mend,
            exit=Exit.NO_DEVICE,
        )
        return
    port = listed(path, known)
    yield Finding("port", True, path if port is None else f"{path}: {port.described}")
    if sys.platform == "win32":
        return  # Windows has no permissions for it, and reports its use only on opening
    if not os.access(path, os.R_OK | os.W_OK):
        yield Finding(
            link="permission",
            right=False,
            what=_("not for this user"),
            mend=permission_hint(path),
            exit=Exit.NO_PERMISSION,
        )
        return
    yield Finding("permission", True, _("may be read and written"))
    names = list(itertools.islice(holders(path, proc), HOLDERS_NAMED))
    if names:
        mend = _("close that program")
        yield Finding(
            link="free",
            right=False,
            what=_("in use by {names}", names=", ".join(names)),
            mend=mend,
            exit=Exit.BUSY,
        )
    else:
        yield Finding("free", True, _("no program of yours holds it"))
    if port is not None and port.vendor == DUO_64M.usb_vendor:
        yield _modem_manager(proc, rules)


def _modem_manager(proc: Path, rules: Sequence[Path]) -> Finding:
    """Check for ModemManager, which opens every new port of this kind to probe for a modem."""
    runs = any(_text_of(entry) == MODEM_MANAGER for entry in proc.glob("[0-9]*/comm"))
    kept_off = any(
        f"{DUO_64M.usb_vendor:04x}" in _text_of(rule) and "ID_MM_DEVICE_IGNORE" in _text_of(rule)
        for folder in rules
        for rule in folder.glob("*.rules")
    )
    if not runs or kept_off:
        what = N_("{program} is kept off") if runs else N_("{program} is not here")
        return Finding("modems", True, _(what, program=MODEM_MANAGER))
    rule = shlex.quote(str(resources.resource_folder("firmware") / UDEV_RULE))
    mend = _(
        "keep it off, then plug the board in again: {command}",
        command=f"sudo cp {rule} /etc/udev/rules.d/",
    )
    return Finding(
        "modems",
        False,
        _("{program} takes the port for a modem", program=MODEM_MANAGER),
        mend,
    )


def _with_port(finding: Finding, target: str) -> Finding:
    """The finding, whose command of ours names the port that was named here."""
    if not finding.mend.endswith(PORT_COMMANDS):
        return finding
    return replace(finding, mend=f"{finding.mend} {shlex.quote(target)}")


def _check_line(path: str, port: Port | None, tone: bool) -> Iterator[Finding]:
    try:
        transport = SerialTransport(path, patience=10)
    except DuotuiError as error:
        yield Finding(
            link="port", right=False, what=error.message, mend=error.hint, exit=error.exit
        )
        return
    try:
        spawn = TransportSpawn(transport)
        state = probe_peer(spawn)
        if state not in USABLE_STATES:
            fault = no_shell_error(state, spawn)
            seen = shown_line(spawn) if state in UNKNOWN_STATES else ""
            mend = fault.hint
            if state is PeerState.SILENT and port is not None and port.kind == "duo":
                mend = _("plug the board in again, as no login runs at its USB port")
            yield Finding("line", False, f"{_(state.value)}{seen}", mend)
            return
        yield Finding("line", True, _(state.value))
        with open_shell(spawn, state) as shell:
            yield Finding("login", True, _("as root"))
            yield from check_board(shell, tone=tone)
    except DuotuiError as error:
        yield Finding(
            link="login", right=False, what=error.message, mend=error.hint, exit=error.exit
        )
    finally:
        transport.close()


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def doctor(target: str, as_json: bool, out: TextIO, *, tone: bool = False) -> Exit:
    """Print each finding as it comes; return the exit status of the first fault."""
    findings = []
    for finding in examine(target, tone=tone):
        findings.append(finding)
        if not as_json:
            _print(finding, out)
    if as_json:
        print(json_text([asdict(finding) for finding in findings]), end="", file=out)
    return next((finding.exit for finding in findings if finding.right is False), Exit.OK)


_SIGNS = {True: N_("ok"), False: N_("WRONG"), None: "?"}
_LINKS = {
    "board": N_("board"),
    "clock": N_("clock"),
    "free": N_("free"),
    "line": N_("line"),
    "login": N_("login"),
    "memory": N_("memory"),
    "microphone": N_("microphone"),
    "model": N_("model"),
    "modems": N_("modems"),
    "permission": N_("permission"),
    "port": N_("port"),
    "sound": N_("sound"),
    "story": N_("story"),
    "storyteller": N_("storyteller"),
    "swap": N_("swap"),
}
"""The name of each link for a reader, by its name in JSON."""


def _print(finding: Finding, out: TextIO) -> None:
    sign, link = _(_SIGNS[finding.right]), _(_LINKS.get(finding.link, finding.link))
    lead = f"{padded(sign, 6)} {padded(link, 12)} "
    for line in lines_of(finding.what, 79 - LEAD_WIDTH):
        print(lead + line, file=out)
        lead = " " * LEAD_WIDTH
    command = _command_of(finding.mend)
    words = finding.mend.removesuffix(command).strip()
    # a command is in one line, however long, so that it can be copied
    lead = " " * LEAD_WIDTH + "-> "
    for line in [*lines_of(words, 76 - LEAD_WIDTH), command]:
        if line:
            print(lead + line, file=out)
            lead = " " * (LEAD_WIDTH + 3)
    out.flush()


def _command_of(mend: str) -> str:
    """The command at the end of a remedy: behind a colon, or the whole of it; "" if it has none."""
    command = re.split(": |：", mend)[-1]
    return command if command != mend or mend.startswith(("sudo ", "duotui ")) else ""
