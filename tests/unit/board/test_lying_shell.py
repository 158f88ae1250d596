"""A shell that answers with nonsense is one line, and gets its echo back in any case."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duotui.base.clock import ManualClock
from duotui.base.errors import LINE_LIMIT, DuotuiError, NotReady
from duotui.board.answers import NUMBER_LIMIT, sha256_in, whole_number
from duotui.board.checks import Finding, check_board
from duotui.board.installer import InstallFile, plan_install
from duotui.board.pexpect_transport import UNEXPECTED_LIMIT
from duotui.board.port_probe import PeerState
from duotui.board.shell import Shell
from duotui.board.upload import upload
from duotui.scoring.machine_conditions import parse_conditions
from support.lying_shell import PROBED, LyingShell, honest

if TYPE_CHECKING:
    from pathlib import Path

    from support.lying_shell import Answer

EVIL = "\x1b]52;c;UFdO\x07\x1bc\x9b31m\u202e|`<script>"
TEXTS = (
    "",
    "x",
    " ",
    "\n",
    "a\nb\nriscv64",
    "\u00b2\u00b3",
    "\udcff\x01",
    "-5",
    "9" * 5000,
    "nan kB",
    "MemTotal: many kB",
    "df: x",
    EVIL,
    PROBED.replace("56640", "9" * 400),
    PROBED.replace("400000", "-5"),
    PROBED.replace("5.10.4", EVIL),
    PROBED.replace("riscv64", "x" * 5000),
    PROBED + "\nbusy cpu 1 1 1 100 0 0 0 0\nbusy cpu 1 1 1 \u00b2 0 0 0 0",
)
ANSWERS = st.one_of(st.sampled_from(TEXTS), st.text(max_size=40))
STATUSES = st.sampled_from([0, 0, 0, 1, 127, "\u00b2", 10**20, -1, ""])


def is_one_line(text: str) -> bool:
    categories = {unicodedata.category(character) for character in text}
    return len(text) <= LINE_LIMIT + 3 and not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def checked(shell: Shell) -> list[Finding]:
    return list(check_board(shell))


def installed(shell: Shell, folder: Path) -> None:
    source = folder / "part"
    source.write_bytes(bytes(range(256)) * 200)
    plan_install(shell, (InstallFile("/mnt/data/part", source, 0o644),))
    upload(shell=shell, source=source, target="/mnt/data/part", clock=ManualClock())


def tried(answer: Answer, folder: Path) -> list[str]:
    """Doctor's checks and an installation; return what a user would read."""
    said: list[str] = []
    for act in (checked, lambda shell: installed(shell, folder)):
        lying = LyingShell(answer)
        try:
            with Shell.enter(lying.spawn, PeerState.SHELL) as shell:
                for finding in act(shell) or []:
                    said += [finding.what, finding.mend]
        except DuotuiError as error:
            said += [error.message, error.hint]
        assert lying.given_back
    return said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parts")


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_same_answer_to_everything(folder: Path, text: str) -> None:
    for line in tried(lambda _: (0, text), folder):
        assert is_one_line(line), line


@settings(max_examples=settings().max_examples // 3)
@given(st.data())
def test_any_answer_to_any_command(folder: Path, data: st.DataObject) -> None:
    def answer(command: str) -> tuple[object, str]:
        if data.draw(st.booleans()):
            return honest(command)
        return data.draw(STATUSES), data.draw(ANSWERS)

    for line in tried(answer, folder):
        assert is_one_line(line), line


@given(ANSWERS)
def test_conditions_are_parsed_or_refused(text: str) -> None:
    with suppress(NotReady):
        parse_conditions(text)


def test_the_text_of_an_answer_is_harmless() -> None:
    lying = LyingShell(lambda command: (0, f"one\n{EVIL}") if command == "x" else (0, ""))
    with Shell.enter(lying.spawn, PeerState.SHELL) as shell:
        first, second = shell.ask("x").text.split("\n")
    assert (first, is_one_line(second)) == ("one", True)


def test_megabytes_are_refused_at_once() -> None:
    lying = LyingShell(lambda _: (0, "lorem ipsum\n" * UNEXPECTED_LIMIT))
    with (
        pytest.raises(NotReady, match="the line floods"),
        Shell.enter(lying.spawn, PeerState.SHELL),
    ):
        pass
    assert lying.given_back


@pytest.mark.parametrize("error", [KeyboardInterrupt(), NotReady("no"), RuntimeError("a defect")])
@pytest.mark.parametrize("at", [0, 1, 4])
def test_the_shell_is_given_back_at_every_failure(error: BaseException, at: int) -> None:
    """The first command is that of the login itself."""
    commands: list[str] = []

    def answer(command: str) -> tuple[object, str]:
        commands.append(command)
        if len(commands) == at + 1:
            raise error
        return honest(command)

    lying = LyingShell(answer)
    with (
        pytest.raises(type(error)),
        Shell.enter(lying.spawn, PeerState.SHELL) as shell,
    ):
        checked(shell)
    assert len(commands) == at + 1
    assert lying.given_back


@pytest.mark.parametrize("text", ["", " 1", "1 ", "+1", "1_0", "\u0661", "\u00b2", "-1", "9" * 20])
def test_a_number_is_ascii_and_bounded(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number of a board"):
        whole_number(text)
    assert whole_number("007") == 7
    assert whole_number("-5", least=-10) == -5
    with pytest.raises(ValueError, match="is not a number"):
        whole_number(str(NUMBER_LIMIT))


def test_a_digest_is_one_or_nothing() -> None:
    digest = "0123456789abcdef" * 4
    assert sha256_in(f"{digest}  /mnt/data/x\n") == digest
    assert [sha256_in(text) for text in ("", digest[1:], digest + "0", "x", EVIL)] == [""] * 5
