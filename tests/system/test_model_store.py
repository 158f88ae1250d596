"""`duotui model`: over a real connection, which breaks, sends wrong bytes, or restarts."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from duotui.base.clock import MonotonicClock
from duotui.base.errors import LinkBroken, NotReady, UsageError
from duotui.targets import model_store
from duotui.targets.model_store import Reports
from support.full_disk import full_disk
from support.model_server import TOKENIZER_BYTES, WEIGHT_BYTES, serving

if TYPE_CHECKING:
    from pathlib import Path

    from duotui.base.progress import TransferProgress

CLOCK = MonotonicClock()


def test_a_model_is_fetched_once_with_its_tokenizer(tmp_path: Path) -> None:
    reports: list[TransferProgress] = []
    with serving() as source:
        model = source.model()
        path = model_store.fetch(
            model, tmp_path, CLOCK, reports=Reports(progress=lambda _name, now: reports.append(now))
        )
        assert (path.read_bytes(), path.name) == (WEIGHT_BYTES, "weights.bin")
        assert (path.parent / "tokenizer.bin").read_bytes() == TOKENIZER_BYTES
        assert model.complete(tmp_path)
        assert (reports[0].size, reports[-1].done) == (len(WEIGHT_BYTES), len(TOKENIZER_BYTES))
        count = len(source.requests)
        assert model_store.fetch(model, tmp_path, CLOCK) == path
        assert len(source.requests) == count


def test_what_broke_off_is_gone_on_with(tmp_path: Path) -> None:
    with serving() as source:
        model, source.cut = source.model(), 100_000
        for _ in range(2):
            with pytest.raises(LinkBroken, match="broke off at 0"):
                model_store.fetch(model, tmp_path, CLOCK)
            assert not model.complete(tmp_path)
        source.cut = None
        assert model_store.fetch(model, tmp_path, CLOCK).read_bytes() == WEIGHT_BYTES
        begins = [ranged for path, ranged in source.requests if path == "/w.bin"]
        assert begins == ["bytes=0-", "bytes=100000-", "bytes=200000-"]


def test_a_source_that_knows_no_ranges_starts_anew(tmp_path: Path) -> None:
    with serving() as source:
        model, source.cut, source.whole = source.model(), 100_000, True
        with pytest.raises(LinkBroken):
            model_store.fetch(model, tmp_path, CLOCK)
        source.cut = None
        assert model_store.fetch(model, tmp_path, CLOCK).read_bytes() == WEIGHT_BYTES


@pytest.mark.parametrize(
    "partial", [b"", b"rubbish", b"x" * len(WEIGHT_BYTES), b"x" * (len(WEIGHT_BYTES) + 9)]
)
def test_nothing_but_the_published_bytes_takes_the_name(tmp_path: Path, partial: bytes) -> None:
    with serving() as source:
        model = source.model()
        part = tmp_path / "some" / "weights.bin.part"
        part.parent.mkdir()
        part.write_bytes(partial)
        source.files["/w.bin"] = WEIGHT_BYTES if partial else WEIGHT_BYTES[:-1] + b"!"
        if not partial:
            with pytest.raises(NotReady, match=r"is not weights\.bin: its SHA-256"):
                model_store.fetch(model, tmp_path, CLOCK)
            assert not part.exists()
            source.files["/w.bin"] = WEIGHT_BYTES
        assert model_store.fetch(model, tmp_path, CLOCK).read_bytes() == WEIGHT_BYTES


def test_another_source(tmp_path: Path) -> None:
    with serving() as source:
        model = source.model()
        source.files = {f"/mirror{path}": data for path, data in source.files.items()}
        with pytest.raises(NotReady, match="answers 404 Not Found; name another source"):
            model_store.fetch(model, tmp_path, CLOCK)
        path = model_store.fetch(model, tmp_path, CLOCK, given=[f"{source.address}/mirror/"])
        assert path.read_bytes() == WEIGHT_BYTES


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense://x", "http://"])
def test_a_source_that_is_not_there(tmp_path: Path, url: str) -> None:
    with serving() as source, pytest.raises(NotReady, match="cannot be reached"):
        model_store.fetch(source.model(), tmp_path, CLOCK, given=[url])


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "some").write_text("a file")
    with serving() as source, pytest.raises(NotReady, match="cannot be written; File exists"):
        model_store.fetch(source.model(), tmp_path, CLOCK)


def test_every_known_model_has_weights_a_tokenizer_and_where_they_are() -> None:
    for model in model_store.known():
        assert [file.name for file in model.files] == [f"{model.name}.bin", "tokenizer.bin"]
        for file in model.files:
            assert all(url.startswith("https://") for url in (file.url, *file.mirrors))
            assert file.mirrors
            assert len(bytes.fromhex(file.sha256)) == 32


def duotui(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "duotui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "XDG_DATA_HOME": str(data), "HOME": str(data)},
    )


KNOWN_MODELS = ", ".join(model.name for model in model_store.known())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model", "get"], "which model?; duotui model list names those that are known"),
        (["model", "get", "big"], f"no model is known as big; there are {KNOWN_MODELS}"),
        (
            ["tell", "--model", "stories15M"],
            "stories15M is not here yet; duotui model get stories15M fetches it",
        ),
    ],
)
def test_bad_input(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = duotui(tmp_path, *arguments)
    assert (result.returncode, result.stderr.splitlines()[-1]) == (2, f"duotui: {message}")


def test_a_model_is_told_from_by_its_name(tmp_path: Path, shared: Path) -> None:
    """Real weights, from a server on this computer."""
    with serving() as source:
        source.files = {
            f"/{name}": (shared / "models" / name).read_bytes()
            for name in ("stories260K.bin", "tok512.bin")
        }
        got = duotui(tmp_path, "model", "get", "stories260K", "--from", source.address)
    assert got.returncode == 0, got.stderr
    assert got.stdout.endswith("stories260K/stories260K.bin\n")
    assert got.stderr.count("100%") == 2
    listed = json.loads(duotui(tmp_path, "model", "list", "--json").stdout)
    assert [row["path"] is not None for row in listed] == [False, True]
    story = duotui(
        tmp_path, "tell", "--port", "sim", "--model", "stories260K", "-n", "20", "-t", "0"
    )
    assert story.stdout.startswith("Once upon a time, there was a little girl named Lily.")


def test_a_name_that_is_none_is_no_file_either(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model is known as big"):
        model_store.find("big")


# Servers and other processes that do not behave


def test_two_downloads_at_once_both_succeed(tmp_path: Path) -> None:
    """The second waits, and uses what the first one got."""
    with serving() as source:
        model, source.held = source.model(), threading.Event()
        waits = threading.Event()
        results: list[Path] = []

        def second() -> None:
            results.append(
                model_store.fetch(model, tmp_path, CLOCK, reports=Reports(waiting=waits.set))
            )

        def first() -> None:
            results.append(model_store.fetch(model, tmp_path, CLOCK))

        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        threads[0].start()
        assert source.asked.wait(20)
        threads[1].start()
        assert waits.wait(20)
        source.held.set()
        for thread in threads:
            thread.join(20)
        assert [path.read_bytes() for path in results] == [WEIGHT_BYTES] * 2
        assert [path for path, _ in source.requests] == ["/w.bin", "/t.bin"]
        assert sorted(each.name for each in (tmp_path / "some").iterdir()) == [
            "tokenizer.bin",
            "weights.bin",
        ]


def test_a_trickle_is_shown_and_kept(tmp_path: Path) -> None:
    """Each byte is written when it has come, without waiting for a whole block."""
    reports: list[int] = []
    with serving() as source:
        model, source.cut = source.model(), 100
        part = tmp_path / "some" / "weights.bin.part"
        source.held = threading.Event()

        def show(_name: str, now: TransferProgress) -> None:
            reports.append(now.done)
            if now.done >= 1:
                assert part.stat().st_size == now.done
                held.set()

        held = source.held
        source.first_byte = True
        with pytest.raises(LinkBroken):
            model_store.fetch(model, tmp_path, CLOCK, reports=Reports(progress=show))
        assert reports[0] == 1
        assert part.read_bytes() == WEIGHT_BYTES[:100]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher://127.0.0.1"]
)
def test_a_redirect_leads_to_the_web_alone(tmp_path: Path, target: str) -> None:
    with serving() as source:
        source.redirect = target
        with pytest.raises(NotReady, match="answers 302 ") as caught:
            model_store.fetch(source.model(), tmp_path, CLOCK)
        assert str(caught.value).isprintable()


def test_a_redirect_to_the_web_is_followed(tmp_path: Path) -> None:
    with serving() as source, serving() as other:
        source.redirect = f"{other.address}/w.bin"
        source.files.pop("/w.bin")
        path = model_store.fetch(source.model(), tmp_path, CLOCK)
        assert path.read_bytes() == WEIGHT_BYTES


def test_a_reason_is_one_short_line(tmp_path: Path) -> None:
    with serving() as source:
        source.reason = "\x1b]0;PWNED\x07\x1b]52;c;UFdO\x07" + "x" * 5000
        with pytest.raises(NotReady, match="answers 503 ") as caught:
            model_store.fetch(source.model(), tmp_path, CLOCK)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500


def test_a_full_disk_keeps_what_has_come(tmp_path: Path) -> None:
    with serving() as source:
        model = source.model()
        with full_disk(100_000), pytest.raises(NotReady, match="cannot be written; File too large"):
            model_store.fetch(model, tmp_path, CLOCK)
        assert (tmp_path / "some" / "weights.bin.part").stat().st_size == 100_000
        assert model_store.fetch(model, tmp_path, CLOCK).read_bytes() == WEIGHT_BYTES
