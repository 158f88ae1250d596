"""Connected board: a shell on a tty, with the agent behind it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from duotui.link.ports import Port
from duotui.link.pty_cable import PtyCable

if TYPE_CHECKING:
    from pathlib import Path

VOICE_SCRIPT = """#!/bin/sh
cd "${0%/*}"
read -r line || exit 0
echo "$line" >>said
echo "W 0 5 5 4"
echo "S 0 0 900"
while [ -e hold ]; do sleep 0.02; done
"""
"""Script that speaks a sentence, and pauses while a file of that name exists."""


class BoardOnTty:
    """Shell with the agent, on a tty at the end of a cable; and the ports that a host lists."""

    def __init__(self, path: str, home: Path, *options: str) -> None:
        self.cable = PtyCable()
        self.serial_number = "duotui-1"
        subprocess.run(["stty", "sane"], stdin=self.cable.board_end, check=True)
        self.shell = subprocess.Popen(
            ["setsid", "--ctty", "sh", *options, "-i"],
            stdin=self.cable.board_end,
            stdout=self.cable.board_end,
            stderr=self.cable.board_end,
            env={"PATH": path, "PS1": "# "},
        )
        self.home = home
        self.cable.start()

    def ports(self) -> list[Port]:
        path = self.cable.host_path
        return [Port(path, "Duo", 0x3346, 0x1003, self.serial_number)] if path else []

    def agents(self) -> list[int]:
        engine = str(self.home / "duollama")
        result = subprocess.run(["pidof", engine], capture_output=True, text=True)
        return [int(pid) for pid in result.stdout.split()]

    def close(self) -> None:
        self.cable.cut()
        self.shell.kill()
        self.shell.wait()
