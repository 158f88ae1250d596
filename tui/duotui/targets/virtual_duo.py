"""The virtual Duo: a whole Linux under QEMU with a Duo's limits, behind two ptys (docs/virtual.md).

Its serial line is a Channel like a real port. Its card is a file, and methods reset the board and
cut its power.
"""

import contextlib
import hashlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from duotui.base import cache, resources
from duotui.base.board_profile import DUO_64M, MemoryLayout
from duotui.base.child_process import ChildFailed, child_environment, last_line, run_program
from duotui.base.errors import DuotuiError, LinkBroken, NotReady
from duotui.base.files import read_bytes, reported
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.board.agent_launcher import BOARD_FOLDER, start_agent
from duotui.board.installer import install_files
from duotui.board.upload import UPLOAD_LIMIT_BYTES
from duotui.link.pty_cable import PtyCable
from duotui.link.serial_transport import SerialTransport
from duotui.targets import packer

NEEDS_LINUX = (N_("the virtual Duo needs Linux"), N_("connect a board and name its port"))

MONITOR_SECONDS = 2.0
"""Seconds without an answer after which QEMU counts as hung."""

CARD_IS_LOCKED = 'Failed to get "write" lock'
"""QEMU's words for an image that another QEMU has open."""


@dataclass(frozen=True)
class VirtualMachine:
    """The machine that `make virtual` builds. `find` raises NotReady if it is not built."""

    folder: Path

    @classmethod
    def find(cls) -> "VirtualMachine":
        if sys.platform != "linux":
            raise NotReady(*map(_, NEEDS_LINUX))
        build = resources.resource_folder("firmware") / "virtual" / "machine"
        if not build.exists():
            raise NotReady(_("the virtual Duo is not in this installation"), _("use a checkout"))
        try:
            folder = run_program([build, "--offline"]).stdout.strip()
        except ChildFailed as error:
            raise NotReady(
                _("the virtual Duo is not built yet"), _("make virtual builds it")
            ) from error
        return cls(Path(folder))

    def command(self, card: Path, memory: MemoryLayout, uart: str, monitor: Path) -> list[str]:
        qemu = self.folder / "qemu"
        bios = qemu / f"usr/lib/{DUO_64M.machine}-linux-gnu/opensbi/generic/fw_dynamic.bin"
        disk = f"file={card},throttling.bps-total={DUO_64M.card_rate}"
        kernel = f"console=ttyS0 root=/dev/vda2 rw rootwait mem={memory.value}"
        return [
            # QEMU must not outlive its parent
            *("setpriv", "--pdeathsig", "KILL"),
            *(f"{qemu}/usr/bin/qemu-system-{DUO_64M.machine}", "-L", f"{qemu}/usr/share/qemu"),
            *("-M", "virt", "-m", DUO_64M.ram, "-smp", "1", "-cpu", "rv64,v=true,vlen=128"),
            *("-display", "none", "-nodefaults", "-global", "virtio-mmio.force-legacy=false"),
            *("-bios", f"{bios}", "-kernel", f"{self.folder}/Image", "-append", kernel),
            *("-chardev", f"serial,id=uart,path={uart}", "-serial", "chardev:uart"),
            *("-qmp", f"unix:{monitor},server=on,wait=off"),
            *("-drive", f"if=none,id=card,format=raw,{disk}"),
            *("-device", "virtio-blk-device,drive=card"),
        ]


def make_card(out: Path, *folders: Path) -> None:
    """Write a card to `out`: a stock image's root, with the contents of `folders` on top. Raises
    NotReady."""
    maker = resources.resource_folder("firmware") / "virtual" / "card"
    try:
        run_program([maker, out, *folders])
    except ChildFailed as error:
        raise NotReady(_("a card could not be made"), str(error)) from error


def prepared_card(model: Path, tokenizer: Path | None) -> Path:
    """Return a card in the user's cache with the engine and a model, made once for each. The card
    keeps the board's changes. Raises NotReady, or UsageError for a bad model."""
    VirtualMachine.find()
    native = resources.resource_folder("native")
    try:
        run_program(["make", "-s", "-C", native / "board", "rv64gcv"])
    except ChildFailed as error:
        raise NotReady(_("the board's engine cannot be built"), str(error)) from error
    engine = native / "build/rv64gcv/duollama"
    firmware = sorted(
        path for path in resources.resource_folder("firmware").rglob("*") if path.is_file()
    )
    digest = hashlib.sha256()
    for path in (engine, model, resources.SPEAKER, *firmware):
        with reported(path):
            digest.update(read_bytes(path, UPLOAD_LIMIT_BYTES))
    card = cache.cache_folder() / f"virtual-card-{digest.hexdigest()[:12]}.img"

    def make(fresh: Path) -> None:
        root = fresh.parent / "root"
        for part in install_files(engine, packer.packed_model(model, tokenizer)):
            # the other files are for a USB gadget, which QEMU lacks
            if part.target.startswith(f"{BOARD_FOLDER}/"):
                target = root / part.target.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(part.source, target)
                target.chmod(part.mode)
        make_card(fresh, root)

    return cache.cached(card, make, changes=True)


class VirtualDuo:
    """`card` is written to, as on a board. `sound` is a WAV file that records the speaker.
    `corrupt` and `corrupt_to_board` change the bytes on their way to the host and to the board."""

    target = "virtual"

    def __init__(
        self,
        card: Path,
        memory: MemoryLayout = MemoryLayout.FREED,
        sound: Path | None = None,
        corrupt: Callable[[bytes], bytes] | None = None,
        corrupt_to_board: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.card, self.memory, self.sound = card, memory, sound
        self._corrupt, self._corrupt_to_board = corrupt, corrupt_to_board
        self.cable: PtyCable | None = None
        self._folder: Path | None = None
        self._monitor: QemuMonitor | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def open(self) -> tuple[SerialTransport, str]:
        transport, described = self.start()
        try:
            start_agent(transport)
        except BaseException:
            transport.close()
            raise
        return transport, described

    def start(self) -> tuple[SerialTransport, str]:
        """Turn the board on, without a login. Return its serial line and a description."""
        cable = self.cable = PtyCable(self._corrupt, self._corrupt_to_board)
        # a socket's path is 107 bytes at most
        self._folder = Path(tempfile.mkdtemp(prefix="duo-", dir="/tmp"))
        socket_path = self._folder / "qmp"
        command = VirtualMachine.find().command(
            self.card, self.memory, cable.board_path, socket_path
        )
        if self.sound is not None:
            command += ["-audiodev", f"wav,id=speaker,path={self.sound}"]
            command += ["-device", "virtio-sound-device,audiodev=speaker,streams=1"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=child_environment(),
        )
        self._monitor = QemuMonitor(socket_path, self.process)
        cable.start()
        return SerialTransport(cable.host_path), f"virtual Duo behind {cable.host_path}"

    def reset(self) -> None:
        """Reset the board, as its button does."""
        self._command("system_reset")

    def freeze(self, on: bool) -> None:
        """Stop the board's clock, like a board that hangs, or resume it."""
        self._command("stop" if on else "cont")

    def cut_power(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def cause(self, error: DuotuiError) -> DuotuiError:
        if self.process is None or not isinstance(error, LinkBroken):
            return error
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.3)
            return LinkBroken(_("the virtual Duo was turned off"), self._last_output())
        return error

    def close(self) -> None:
        if self.cable is not None:
            self.cable.cut()
        if self._monitor is not None:
            with contextlib.suppress(OSError, LinkBroken):
                self._monitor.ask("quit")  # so that QEMU ends the WAV
            self._monitor.close()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self.cable = self._monitor = self._folder = self.process = None

    def _command(self, command: str) -> None:
        if self._monitor is None:
            raise LinkBroken(_("the virtual Duo is off"), _("open it first"))
        self._monitor.ask(command)

    def _last_output(self) -> str:
        output = self.process.stdout.read() if self.process and self.process.stdout else b""
        return last_line(output)


class QemuMonitor:
    """QEMU's control socket (QMP): a JSON object per line. Raises LinkBroken or OSError if QEMU
    hangs."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        self._socket = _unix_socket()
        self._socket.settimeout(MONITOR_SECONDS)
        while process.poll() is None:
            with contextlib.suppress(FileNotFoundError, ConnectionError):
                self._socket.connect(str(path))
                self._lines = self._socket.makefile("rwb")
                self._lines.readline()  # QMP's greeting
                self.ask("qmp_capabilities")
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        self._socket.close()
        output = process.stdout.read().decode(errors="replace") if process.stdout else ""
        if CARD_IS_LOCKED in output:
            raise NotReady(
                _("the virtual Duo runs in another program already"), _("end that one first")
            )
        raise NotReady(
            _("the virtual Duo does not start"), output.strip() or _("QEMU said nothing")
        )

    def ask(self, command: str) -> object:
        """Send `command`, and return QEMU's answer. Raises LinkBroken if QEMU has ended or
        refuses."""
        self._lines.write(json.dumps({"execute": command}).encode() + b"\n")
        self._lines.flush()
        while line := self._lines.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise LinkBroken(
                    _("QEMU refuses {command}", command=command), answer["error"]["desc"]
                )
            if "return" in answer:
                result: object = answer["return"]
                return result
        raise LinkBroken(_("the virtual Duo was turned off"))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._lines.close()
        self._socket.close()


def _unix_socket() -> socket.socket:
    if sys.platform == "win32":
        raise NotReady(*map(_, NEEDS_LINUX))
    else:  # mypy skips this on Windows only as an else branch
        return socket.socket(socket.AF_UNIX)
