"""The card of `duotui setup --sd`: the board it makes, seen from the other end of its USB cable.

The cable and the computer at its end are the virtual Duo's own (dummy_hcd): its /dev/ttyACM0 is
what a host has, its /dev/ttyGS0 what a board has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duotui import resources
from duotui.board.card import install
from duotui.board.findings import of_board
from duotui.board.setup import parts_of
from duotui.engines import packing
from duotui.engines.virtual import make_card
from duotui.link.ports import DUO_VENDOR

if TYPE_CHECKING:
    from pathlib import Path

    from duotui.board.shell import Shell
    from virtual.conftest import Start

pytestmark = pytest.mark.timeout(300)

READY = "for i in $(seq 60); do [ -c /dev/ttyACM0 ] && pidof getty && exit 0; sleep 1; done; exit 1"
SYS = "/sys/bus/usb/devices/1-1"


@pytest.fixture(scope="module")
def card(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("usb")
    root = folder / "root"
    for name in ("etc", "mnt/system"):
        (root / name).mkdir(parents=True)
    # what `install` looks for is on every card; make_card brings it
    for name in ("etc/inittab", "etc/run_usb.sh"):
        stock = resources.folder("firmware") / "stock" / name
        (root / name).write_bytes(stock.read_bytes())
        (root / name).chmod(0o755)
    packing.pack(resources.MODEL, resources.TOKENIZER, "exact,fast", folder / "story.duo")
    install(root, parts_of(engine, folder / "story.duo"))
    make_card(folder / "card.img", root)
    return folder / "card.img"


def usb(shell: Shell, name: str) -> str:
    return shell.run(f"cat {SYS}/{name}")


def test_is_a_serial_port_with_a_login(start: Start, card: Path) -> None:
    with start(card=card) as duo:
        shell = duo.shell()
        shell.run(f"( {READY} )", 100)
        assert usb(shell, "idVendor") == f"{DUO_VENDOR:04x}"
        assert usb(shell, "idProduct") == "1003"
        serial = usb(shell, "serial")
        assert serial.startswith("duotui-")
        # the network is still there, and it is the second function
        assert "192.168.42.1" in shell.run("ifconfig usb0")
        said = shell.run(
            "stty -F /dev/ttyACM0 raw -echo; exec 3<>/dev/ttyACM0; printf '\\r' >&3;"
            " timeout 10 head -c 30 <&3; true",
            60,
        )
        assert "Welcome to Milk-V Duo" in said
        assert not [f for f in of_board(shell) if f.right is False]
        shell.run("sync")
        duo.board.reset()
        shell = duo.shell()
        shell.run(f"( {READY} )", 100)
        assert usb(shell, "serial") == serial
