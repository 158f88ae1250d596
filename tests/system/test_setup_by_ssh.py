"""`duotui setup --net`: a board fresh from its box, set up by ssh, tells from its own USB port."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from duotui.base import resources
from duotui.base.child_process import PASSWORD_VARIABLE
from duotui.base.errors import Cancelled, DuotuiError, NotReady, UsageError
from duotui.board.installer import install_files
from duotui.cli.board_setup import BoardSetup
from duotui.cli.main import main
from duotui.cli.setup_dialog import SetupOptions
from duotui.link import ssh_transport
from duotui.link.ssh_transport import SshTransport
from duotui.targets.engine_binary import find_engine
from support.ssh_board import SshBoard, ssh_board

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def known_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File of known hosts in place of the user's."""
    path = tmp_path / "known_hosts"
    monkeypatch.setitem(ssh_transport.OPTIONS, "UserKnownHostsFile", str(path))
    return path


@pytest.fixture
def board(tmp_path: Path) -> Iterator[SshBoard]:
    with ssh_board(tmp_path / "board") as board:
        yield board


class Answers:
    """User who answers each question by the same word; the questions are kept."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.questions: list[str] = []

    def __call__(self, question: str, *, risky: bool = False) -> bool:
        self.questions.append(("risky: " if risky else "") + question)
        return self.answer


def options(board: SshBoard) -> SetupOptions:
    return SetupOptions(
        target="auto",
        model=resources.MODEL,
        tokenizer=None,
        engine=find_engine(),
        yes=True,
        net=board.host,
    )


def set_up(board: SshBoard, out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    chosen = options(board)
    setup = BoardSetup(chosen, out, ports=board.ports, on_usb=board.on_usb)
    setup.run(install_files(chosen.engine, chosen.model))
    return out.getvalue()


@contextmanager
def login(board: SshBoard, agree: Answers) -> Iterator[SshTransport]:
    transport = SshTransport(board.host, agree)
    try:
        yield transport
    finally:
        transport.close()


def test_a_board_from_its_box_tells_from_its_own_port(board: SshBoard) -> None:
    said = set_up(board)
    assert "its key is SHA256:" in said
    assert said.count("to send, ") >= 7  # with the voice where something plays
    assert "begins a story in each mode: fast, exact, reference" in said
    path = board.ports()[0].path
    assert said.splitlines()[-1] == f"ready: duotui {path} tells from it"
    assert f"the board's USB port is {path}: setup goes on there" in said
    told = subprocess.run(
        [
            *(sys.executable, "-m", "duotui", "tell", "--port", path, "--check", "--json"),
            *("--mode", "exact", "-n", "20"),
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["identical"] is True
    assert set_up(board).count("is there") >= 7


def test_a_port_that_does_not_come_is_said(
    board: SshBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = options(board)
    setup = BoardSetup(
        chosen,
        io.StringIO(),
        ports=list,
        on_usb=board.on_usb,
        sleep=lambda seconds: None,
    )
    with pytest.raises(NotReady, match="USB port does not come; unplug the board, plug it in"):
        setup.run(install_files(chosen.engine, chosen.model))


def test_a_board_that_is_not_on_this_computers_usb_is_ready_all_the_same(board: SshBoard) -> None:
    chosen, out = options(board), io.StringIO()
    BoardSetup(chosen, out, ports=list, on_usb=list).run(install_files(chosen.engine, chosen.model))
    assert out.getvalue().splitlines()[-1].startswith("ready: connect the board by USB")


def test_a_connection_that_is_lost_is_made_again(board: SshBoard) -> None:
    class Watched(io.StringIO):
        lost = 0

        def write(self, text: str) -> int:
            if "duollama " in text and "100%" in text and not self.lost:
                self.lost += 1
                board.hang_up()
            return super().write(text)

    out = Watched()
    said = set_up(board, out)
    assert out.lost == 1
    assert "was lost: waiting for it; setup goes on by itself" in said
    assert said.count("duollama ") < said.count("100%")
    assert "ready: " in said


def test_a_host_key_that_is_not_known_is_asked_for(board: SshBoard, known_hosts: Path) -> None:
    no, yes = Answers(False), Answers(True)
    with pytest.raises(Cancelled), login(board, no):
        pass
    assert not known_hosts.exists()
    for _ in range(2):
        with login(board, yes):
            pass
    (question,) = yes.questions
    assert question.startswith(f"{board.host} is not known yet; its key is SHA256:")


def test_a_host_key_that_has_changed_is_asked_for(tmp_path: Path, known_hosts: Path) -> None:
    with ssh_board(tmp_path / "board") as board, login(board, Answers(True)):
        pass
    before = known_hosts.read_text()
    with ssh_board(tmp_path / "board") as board:
        # the address is the same, as that of every Duo is; here only the number of its port differs
        port = board.host.partition(":")[2]
        known_hosts.write_text(f"[127.0.0.1]:{port} {before.partition(' ')[2]}")
        no, yes = Answers(False), Answers(True)
        words = f"another key than before; ssh-keygen -R .*{port}"
        with pytest.raises(NotReady, match=words), login(board, no):
            pass
        assert no.questions[0].startswith("risky: ")
        with login(board, yes):
            pass
        assert [q.partition(":")[0] for q in yes.questions] == ["risky", "127.0.0.1"]


def test_yes_does_not_answer_for_a_changed_key(board: SshBoard, known_hosts: Path) -> None:
    with login(board, Answers(True)):
        pass
    kind, key = known_hosts.read_text().split()[1:3]
    known_hosts.write_text(f"[127.0.0.1]:{board.host[10:]} {kind} {key[:-4]}AAAA\n")
    with pytest.raises(NotReady, match="ssh-keygen"):
        set_up(board)


def test_a_wrong_password_and_the_right_one(
    board: SshBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    words = "does not take the password of root; put the right one"
    with pytest.raises(NotReady, match=words), login(board, Answers(True)):
        pass
    monkeypatch.delenv(PASSWORD_VARIABLE)
    with login(board, Answers(True)):
        pass


def test_a_key_of_the_users_needs_no_password(
    board: SshBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    authorized = board.file("/root/.ssh/authorized_keys")
    authorized.write_text(key.with_name("id.pub").read_text())
    authorized.chmod(0o600)
    monkeypatch.setitem(ssh_transport.OPTIONS, "IdentityFile", str(key))
    with login(board, Answers(True)):
        pass


@pytest.mark.parametrize(
    ("host", "kind", "words"),
    [
        ("127.0.0.1:1", NotReady, "127.0.0.1:1 has no ssh; "),
        ("no-such-host.invalid", DuotuiError, "no board answers at no-such-host.invalid; "),
        ("-oProxyCommand=x", UsageError, "is not a host"),
        ("a b", UsageError, "is not a host"),
    ],
)
def test_a_host_that_does_not_answer(host: str, kind: type[DuotuiError], words: str) -> None:
    if kind is not UsageError and shutil.which("ssh") is None:
        pytest.skip("ssh is not installed")
    with pytest.raises(kind, match=words):
        SshTransport(host, Answers(True))


def test_a_computer_without_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NotReady, match="ssh is not installed; sudo apt install openssh-client"):
        SshTransport("127.0.0.1", Answers(True))


def test_the_address_of_a_board_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is at that address here, and no route leads to it, or a firewall answers."""
    assert main(["setup", "--net=-x", "--yes"]) == 2
    assert "'-x' is not a host" in capsys.readouterr().err


def test_nothing_is_asked_of_nobody(board: SshBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    chosen = replace(options(board), yes=False)
    with pytest.raises(UsageError, match="--yes says yes"):
        BoardSetup(chosen, io.StringIO()).run(install_files(chosen.engine, chosen.model))
