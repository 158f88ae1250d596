"""The files that setup sends to a certain board: not what the board cannot use."""

import re
from pathlib import Path

from duotui.base.board_profile import DUO_64M
from duotui.base.errors import DuotuiError
from duotui.base.translation import gettext as _
from duotui.board.agent_launcher import BOARD_FOLDER, MODEL_NAME, PCM_FILE, TTS_PROGRAM
from duotui.board.installer import InstallFile
from duotui.board.shell import Shell
from duotui.board.system_info import PROBE, parse_system_info
from duotui.targets import packer

_EXACT_COSTS = re.compile(
    r"^exact +([\d.]+) MB of weights and ([\d.]+) MB of keys and values in memory", re.MULTILINE
)


def plays_sound(shell: Shell) -> bool:
    """True if the board's voice could be heard: it has a device, and what plays on that."""
    alsa = f"command -v aplay && ls -d {BOARD_FOLDER}/{PCM_FILE} {DUO_64M.alsa_devices} | grep -q ."
    return not shell.ask(f"[ -c {DUO_64M.oss_device} ] || {{ {alsa}; }}").status


def exact_memory(model: Path) -> int:
    """Bytes that mode `exact` of a packed model needs; 0 if unknown here."""
    try:
        match = _EXACT_COSTS.search(packer.inspect(model))
    except DuotuiError:  # no engine on this computer: the board's own will say more
        return 0
    return round(sum(float(part) for part in match.groups()) * 1e6) if match else 0


def fitting_files(
    shell: Shell, files: tuple[InstallFile, ...], model: Path, tokenizer: Path | None
) -> tuple[tuple[InstallFile, ...], list[str]]:
    """Return those of `files` that the board can use, with a line for each change. `model` is the
    user's; if mode `exact` has no room there, it is packed for mode `fast` alone."""
    notes = []
    if not plays_sound(shell):
        files = tuple(part for part in files if part.name != TTS_PROGRAM)
        notes.append(_("no voice is sent: nothing on the board plays sound, and the host speaks"))
    available = parse_system_info(shell.run(PROBE)).available
    packed = next(part for part in files if part.name == MODEL_NAME)
    need = exact_memory(packed.source)
    if need > available:
        room = _(
            "mode exact needs {need:.0f} MB of memory, and {available:.0f} are free",
            need=need / 1e6,
            available=available / 1e6,
        )
        if model.suffix == ".duo":
            notes.append(
                _(
                    "{room}: it will be slow; a .bin file could be sent for mode fast alone",
                    room=room,
                )
            )
            return files, notes
        small = InstallFile(packed.target, packer.packed_model(model, tokenizer, "fast"), 0o644)
        notes.append(
            _("{room}: only mode fast is sent, {size:.1f} MB", room=room, size=small.size / 1e6)
        )
        files = tuple(small if part is packed else part for part in files)
    return files, notes
