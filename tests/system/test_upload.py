"""Files through a real shell on a real tty: complete, resumed, and never partial."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from duotui.base.clock import ManualClock
from duotui.base.errors import DuotuiError, NotReady, UsageError
from duotui.base.progress import TransferProgress
from duotui.board.port_probe import PeerState, probe_peer
from duotui.board.shell import Shell
from duotui.board.upload import BLOCK_BYTES, END_PATTERN, upload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.fixture_types import OpenLine

FILE_SIZES = [0, 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 1, 150_000]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(random.Random(1).randbytes(150_000))
    return path


@pytest.mark.parametrize("size", FILE_SIZES)
def test_arrives_whole(line: OpenLine, tmp_path: Path, size: int) -> None:
    source, target = tmp_path / "source", tmp_path / "a folder" / "it's here"
    source.write_bytes(random.Random(size).randbytes(size))
    reports: list[TransferProgress] = []
    clock = ManualClock()

    def progress(now: TransferProgress) -> None:
        clock.advance(2.0)
        reports.append(now)

    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        assert upload(shell, source, str(target), clock, progress, 0o755)
        assert not upload(shell, source, str(target), clock)  # the file exists
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o755
    assert not target.with_name("it's here.part").exists()
    if size:
        assert (reports[-1].done, reports[-1].size) == (size, size)
    if size > 2 * BLOCK_BYTES:
        assert reports[1].rate == BLOCK_BYTES  # two blocks in the two seconds after the first
        assert reports[1].left == pytest.approx((size - 2 * BLOCK_BYTES) / BLOCK_BYTES)


def test_goes_on_after_a_break(line: OpenLine, tmp_path: Path, source: Path) -> None:
    """The line is lost in the third block; the next upload resumes from there."""
    target = tmp_path / "target"
    clock = ManualClock()
    sent: list[TransferProgress] = []

    def breaks(now: TransferProgress) -> None:
        if now.done == 2 * BLOCK_BYTES:
            raise DuotuiError("pulled")

    with line() as spawn, pytest.raises(DuotuiError, match="pulled"):
        upload(Shell.enter(spawn, probe_peer(spawn)), source, str(target), clock, breaks)
    assert not target.exists()
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        assert upload(shell, source, str(target), clock, sent.append)
    assert sent[0].done == 3 * BLOCK_BYTES
    assert target.read_bytes() == source.read_bytes()


def test_a_push_whose_host_was_killed_lets_go_of_the_line(line: OpenLine) -> None:
    with line() as spawn:
        Shell.enter(spawn, probe_peer(spawn))
        spawn.write_bytes(f"sed -n '{END_PATTERN}q;p' | wc -c\rAAAA\rAAA".encode())
        assert probe_peer(spawn, patience=5) is PeerState.SHELL


def test_what_a_break_spoiled_is_sent_again(line: OpenLine, tmp_path: Path, source: Path) -> None:
    target = tmp_path / "target"
    sent: list[TransferProgress] = []
    (tmp_path / "target.part").write_bytes(bytes(3 * BLOCK_BYTES))
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        assert upload(shell, source, str(target), ManualClock(), sent.append)
    assert sent[0].done == BLOCK_BYTES
    assert target.read_bytes() == source.read_bytes()


def test_what_is_left_of_a_longer_file_is_no_part_of_this_one(
    line: OpenLine, tmp_path: Path, source: Path
) -> None:
    target = tmp_path / "target"
    (tmp_path / "target.part").write_bytes(source.read_bytes() + b"more")
    with line() as spawn:
        upload(Shell.enter(spawn, probe_peer(spawn)), source, str(target), ManualClock())
    assert target.read_bytes() == source.read_bytes()


def test_another_file_of_that_name_stays_until_the_new_one_is_whole(
    line: OpenLine, tmp_path: Path, source: Path
) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")

    def looks(now: TransferProgress) -> None:
        assert target.read_bytes() == b"old"

    with line() as spawn:
        upload(Shell.enter(spawn, probe_peer(spawn)), source, str(target), ManualClock(), looks)
    assert target.read_bytes() == source.read_bytes()


def flips(every: int) -> Callable[[bytes], bytes]:
    """Corruption of a bit in about one of `every` bytes."""
    chance = random.Random(3)

    def corrupt(data: bytes) -> bytes:
        return bytes(
            b ^ 1 << chance.randrange(8) if chance.randrange(every) == 0 else b for b in data
        )

    return corrupt


def test_a_noisy_line_costs_time_and_nothing_else(
    line: OpenLine, tmp_path: Path, source: Path
) -> None:
    target = tmp_path / "target"
    source.write_bytes(source.read_bytes()[:50_000])
    with line(corrupt=flips(500), corrupt_to_board=flips(10_000)) as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        upload(shell, source, str(target), ManualClock(), seconds=2)
    assert target.read_bytes() == source.read_bytes()


def test_what_is_lost_on_the_way_is_sent_again(
    line: OpenLine, tmp_path: Path, source: Path
) -> None:
    """Loss of the dot that ends a block: the shell waits for it, and is interrupted."""
    target, remaining = tmp_path / "target", [1]

    def corrupt(data: bytes) -> bytes:
        if remaining[0] and b"\r.\r" in data:
            remaining[0] = 0
            return data.replace(b"\r.\r", b"\r", 1)
        return data

    with line(corrupt_to_board=corrupt) as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        upload(shell, source, str(target), ManualClock(), seconds=2)
    assert remaining == [0]
    assert target.read_bytes() == source.read_bytes()


def test_a_full_card_is_said(line: OpenLine, tmp_path: Path, source: Path) -> None:
    df = tmp_path / "df"
    df.write_text("#!/bin/sh\necho Filesystem\necho /dev/root 1000 900 100 90% /\n")
    df.chmod(0o755)
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        source.write_bytes(bytes(300_000))
        with pytest.raises(NotReady, match=r"has 0\.1 MB of room, and 0\.3 are needed"):
            upload(shell, source, str(tmp_path / "target"), ManualClock())
    assert not (tmp_path / "target").exists()


def test_a_source_that_is_not_there(line: OpenLine, tmp_path: Path) -> None:
    with line() as spawn:
        shell = Shell.enter(spawn, probe_peer(spawn))
        with pytest.raises(UsageError, match="cannot be read"):
            upload(shell, tmp_path / "none", "/tmp/none", ManualClock())
