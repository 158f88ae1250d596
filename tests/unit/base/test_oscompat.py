"""Differences between systems, as far as this one can emulate another."""

import asyncio
import io
import os
import signal
import sys

import pytest

from duotui.base.oscompat import make_writable, on_signals


@pytest.mark.parametrize("loops", [True, False], ids=["loop", "no-loop"])
async def test_a_signal_is_called_in_the_loop(loops: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Works also in a loop without signal handlers, like Windows's."""
    loop = asyncio.get_running_loop()
    if not loops:

        def refuse(*_: object) -> None:
            raise NotImplementedError

        monkeypatch.setattr(type(loop), "add_signal_handler", refuse)
    before = signal.getsignal(signal.SIGTERM)
    called = asyncio.Event()
    with on_signals((signal.SIGTERM,), called.set):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(called.wait(), 10)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("platform", "written"), [("linux", b"caf\xe9 ?"), ("win32", "café 🙂".encode())]
)
def test_what_an_encoding_lacks_ends_nothing(
    platform: str, written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "cp1252")
    make_writable(stream)
    stream.write("café 🙂")
    stream.flush()
    assert raw.getvalue() == written
