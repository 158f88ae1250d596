"""Sources of a model: mirrors, HF_ENDPOINT, `--from`, proxies, and servers that lie."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from duotui.base.clock import MonotonicClock
from duotui.base.errors import DuotuiError, Exit, LinkBroken, NotReady, UsageError
from duotui.targets import model_store
from duotui.targets.model_sources import sources_of
from duotui.targets.model_store import KnownModel, ModelFile, Reports
from support.model_server import TOKENIZER_BYTES, WEIGHT_BYTES, Source, serving
from support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLOCK = MonotonicClock()
ELSEWHERE = "http://models.invalid"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_ENDPOINT", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def with_mirrors(model: KnownModel, *addresses: str) -> KnownModel:
    """The model with the same files at other addresses, too."""
    files = [
        replace(file, mirrors=tuple(f"{each}/{file.url.rsplit('/', 1)[1]}" for each in addresses))
        for file in model.files
    ]
    return replace(model, files=tuple(files))


def fetched(model: KnownModel, store: Path, *given: str) -> tuple[bytes, list[str]]:
    """The weights that a fetch brings, and its notes."""
    notes: list[str] = []
    path = model_store.fetch(model, store, CLOCK, given, Reports(note=notes.append))
    assert (path.parent / "tokenizer.bin").read_bytes() == TOKENIZER_BYTES
    return path.read_bytes(), notes


# Which sources


def test_what_hugging_face_has_comes_from_its_endpoint_alone() -> None:
    model = model_store.find("stories15M")
    weights, tokenizer = (file.name for file in model.files)
    usual = sources_of(model.files, [], {})
    assert usual[weights][0].startswith("https://huggingface.co/")
    assert len(usual[weights]) > 1
    other = sources_of(model.files, [], {"HF_ENDPOINT": "https://hf.example/proxy/"})
    path = "karpathy/tinyllamas/resolve/main/stories15M.bin"
    assert other[weights] == [f"https://hf.example/proxy/{path}"]
    assert other[tokenizer] == usual[tokenizer]


def test_a_source_is_named_for_all_files_or_for_one(tmp_path: Path) -> None:
    files = model_store.find("stories260K").files
    (tmp_path / "tok512.bin").touch()
    given = [str(tmp_path), "stories260K.bin=http://a/x?y=z"]
    assert sources_of(files, given, {}) == {
        "stories260K.bin": ["http://a/x?y=z"],
        "tokenizer.bin": [str(tmp_path / "tok512.bin")],
    }
    assert sources_of(files, ["tok512.bin=/t"], {})["tokenizer.bin"] == ["/t"]
    for bad in ("tokeniser.bin=/t", "=/t"):
        with pytest.raises(UsageError, match="no file of the model is named"):
            sources_of(files, [bad], {})


def test_the_endpoint_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as source:
        monkeypatch.setenv("HF_ENDPOINT", source.address)
        files = tuple(
            replace(file, url=f"https://huggingface.co/{file.url.rsplit('/', 1)[1]}")
            for file in source.model().files
        )
        assert fetched(replace(source.model(), files=files), tmp_path) == (WEIGHT_BYTES, [])


def test_files_of_this_computer_are_checked_and_copied(tmp_path: Path) -> None:
    own, store = tmp_path / "own", tmp_path / "store"
    own.mkdir()
    (own / "w.bin").write_bytes(WEIGHT_BYTES)
    (own / "tokenizer.bin").write_bytes(TOKENIZER_BYTES[::-1])
    model = Source().model()
    with pytest.raises(NotReady, match=r"own/tokenizer\.bin is not tokenizer\.bin: its SHA-256"):
        fetched(model, store, str(own))
    (own / "tokenizer.bin").write_bytes(TOKENIZER_BYTES[1:])
    with pytest.raises(NotReady, match=r"has 8 bytes, and tokenizer\.bin has 9"):
        fetched(model, store, str(own))
    with pytest.raises(NotReady, match="none cannot be read: No such file or directory; name an"):
        fetched(model, store, str(own), f"tokenizer.bin={tmp_path}/none")
    (own / "tokenizer.bin").write_bytes(TOKENIZER_BYTES)
    assert fetched(model, store, str(own)) == (WEIGHT_BYTES, [])
    assert (own / "w.bin").read_bytes() == WEIGHT_BYTES


# A file that is there already


def test_a_file_that_is_there_is_taken_if_it_is_the_right_one(tmp_path: Path) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(WEIGHT_BYTES)
    (folder / "tokenizer.bin").write_bytes(TOKENIZER_BYTES[::-1])
    with serving() as source:
        assert source.model().complete(tmp_path)  # by their sizes
        data, notes = fetched(source.model(), tmp_path)
        assert (data, [path for path, _ in source.requests]) == (WEIGHT_BYTES, ["/t.bin"])
    assert notes == [f"{folder / 'tokenizer.bin'} is another file; it is replaced"]


def test_a_file_that_was_cut_is_not_complete(tmp_path: Path) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(WEIGHT_BYTES[:-1])
    (folder / "tokenizer.bin").write_bytes(TOKENIZER_BYTES)
    with serving() as source:
        assert not source.model().complete(tmp_path)
        source.files.clear()
        with pytest.raises(NotReady):
            fetched(source.model(), tmp_path)
        assert (folder / "weights.bin").exists()  # until the right one has come


# Mirrors that lie


def lie(**attributes: object) -> Callable[[Source], None]:
    def change(source: Source) -> None:
        for name, value in attributes.items():
            setattr(source, name, value)

    return change


LIES = {
    "wrong hash": (lie(files={"/w.bin": WEIGHT_BYTES[::-1]}), "is not weights.bin: its SHA-256"),
    "web page": (lie(headers={"Content-Type": "text/html; charset=utf-8"}), "is a web page, not"),
    "another size": (lie(files={"/w.bin": b"x" * 99}), "has 99 bytes, and weights.bin has 300000"),
    "another part": (lie(headers={"Content-Range": "bytes 7-9/300000"}), "sends another part"),
    "no file": (lie(files={}), "answers 404 Not Found"),
    "redirect elsewhere": (lie(redirect="ftp://127.0.0.1/x"), "answers 302 and leads to ftp"),
    "refused": (lie(reason="Service Unavailable"), "answers 503 Service Unavailable"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_mirror_that_lies_is_one_line(tmp_path: Path, name: str) -> None:
    change, message = LIES[name]
    with serving() as source:
        change(source)
        with pytest.raises(NotReady) as caught:
            fetched(source.model(), tmp_path)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert "--from weights.bin=URL" in str(caught.value)
    assert list((tmp_path / "some").glob("weights.bin")) == []


@pytest.mark.parametrize("name", LIES)
def test_the_next_mirror_is_tried(tmp_path: Path, name: str) -> None:
    change, message = LIES[name]
    with serving() as source, serving() as honest:
        change(source)
        source.files.setdefault("/t.bin", TOKENIZER_BYTES)
        model = with_mirrors(source.model(), honest.address)
        data, notes = fetched(model, tmp_path)
    assert data == WEIGHT_BYTES
    assert message in notes[0]
    assert notes[0].endswith("; the next source is tried")


def test_a_redirect_that_has_no_end_is_one_line(tmp_path: Path) -> None:
    with serving() as source:
        model = source.model()
        source.status, source.headers = 302, {"Location": f"{source.address}/w.bin"}
        with pytest.raises(NotReady, match="answers 302 ") as caught:
            fetched(model, tmp_path)
    assert str(caught.value).isprintable()


def test_what_one_mirror_began_another_ends(tmp_path: Path) -> None:
    with serving() as source, serving() as other:
        source.cut = 100_000
        source.files["/t.bin"] = b""
        other.whole = False
        data, notes = fetched(with_mirrors(source.model(), other.address), tmp_path)
        assert (data, other.requests[0]) == (WEIGHT_BYTES, ("/w.bin", "bytes=100000-"))
    assert "broke off at 0.1 MB; the next source is tried" in notes[0]


def test_a_wrong_beginning_does_not_spoil_an_honest_mirror(tmp_path: Path) -> None:
    with serving() as source, serving() as honest:
        source.files["/w.bin"], source.cut = WEIGHT_BYTES[::-1], 100_000
        data, notes = fetched(with_mirrors(source.model(), honest.address), tmp_path)
        begins = [ranged for path, ranged in honest.requests if path == "/w.bin"]
    assert (data, begins) == (WEIGHT_BYTES, ["bytes=100000-", "bytes=0-"])
    assert "broke off" in notes[0]


def test_the_last_source_that_breaks_off_is_status_7(tmp_path: Path) -> None:
    with serving() as source:
        source.cut = 100_000
        with pytest.raises(LinkBroken, match="the same command goes on from there"):
            fetched(source.model(), tmp_path)


# Where a command needs the model


@pytest.mark.parametrize(
    ("answer", "status"), [(b"\n", Exit.OK), (b"n\n", Exit.USAGE), (b"\x04", Exit.USAGE)]
)
def test_a_command_offers_to_fetch_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: Path, answer: bytes, status: Exit
) -> None:
    """Real weights, from a server that stands for Hugging Face."""
    folder = "/karpathy/tinyllamas/resolve/main/stories260K"
    with serving() as source:
        source.files = {
            f"{folder}/{name}": (shared / "models" / name).read_bytes()
            for name in ("stories260K.bin", "tok512.bin")
        }
        monkeypatch.setenv("HF_ENDPOINT", source.address)
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        terminal = Terminal("tell", "--port", "sim", "--model", "stories260K", "-n", "9", "-t", "0")
        try:
            terminal.wait_for(b"stories260K is not here yet. Fetch it now, 1 MB? [Y/n] ")
            os.write(terminal.master, answer)
            assert terminal.gone(60)
        finally:
            terminal.close()
    assert terminal.process.returncode == status
    assert (b"Once upon a time" in terminal.last) == (status == Exit.OK)
    assert bool(source.requests) == (status == Exit.OK)


# Proxies


def proxied(proxy: Source) -> KnownModel:
    """A model at a host that only the proxy knows."""
    files = [
        replace(file, url=file.url.replace(proxy.address, ELSEWHERE))
        for file in proxy.model().files
    ]
    return replace(proxy.model(), files=tuple(files))


def test_the_proxy_of_the_environment_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        assert fetched(proxied(proxy), tmp_path) == (WEIGHT_BYTES, [])
        assert proxy.requests[0][0] == f"{ELSEWHERE}/w.bin"


def test_no_proxy_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as source:
        assert fetched(source.model(), tmp_path)[0] == WEIGHT_BYTES


@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        ("http://me:s3cret@127.0.0.1:1", "by the proxy http://***@127.0.0.1:1: Connection refused"),
        ("socks5://127.0.0.1:1", "the proxy socks5://127.0.0.1:1 is of a kind that"),
    ],
)
def test_a_bad_proxy_is_one_line_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, message: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(NotReady) as caught:
        fetched(proxied(Source()), tmp_path)
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_proxy_that_wants_a_password_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy:
        proxy.status = 407
        monkeypatch.setenv("http_proxy", proxy.address)
        with pytest.raises(NotReady, match="asks for a user and a password; put them into"):
            fetched(proxied(proxy), tmp_path)


def test_a_password_in_a_source_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(DuotuiError) as caught:
        fetched(Source().model(), tmp_path, "http://me:s3cret@127.0.0.1:1")
    assert "s3cret" not in str(caught.value)


def test_a_file_without_a_model_is_none() -> None:
    assert sources_of([ModelFile("a", "http://x/a", 1, "")], [], {}) == {"a": ["http://x/a"]}
