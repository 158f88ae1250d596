"""`duotui tell` with an agent that lies: a status, JSON and clean text, never an exception."""

import asyncio
import io
import json
import random
import threading
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duotui.base.clock import MonotonicClock
from duotui.base.errors import DuotuiError, Exit, UsageError
from duotui.cli.headless_run import HeadlessRun, TellOptions
from duotui.link.port_thread import Transport
from duotui.protocol.frames import Frame, FrameDecoder
from duotui.protocol.message_base import Message
from duotui.protocol.messages import Generate
from duotui.protocol.story_messages import StoryEvent
from duotui.session.session import Session
from support.agent_trial import REQUEST, is_clean
from support.lying_agent import LYING_HELLO, Liar, frame_bytes, honest_story
from support.short_story import STORY_NUMBER


class LyingTransport:
    """A port at which an agent says HELLO, and after GENERATE what it is given. Then it is gone."""

    def __init__(self, said: list[Message]) -> None:
        self._hello = frame_bytes(0, LYING_HELLO)
        self._said = [frame_bytes(seq, message) for seq, message in enumerate(said, 1)]
        self._requested, self._decoder = threading.Event(), FrameDecoder()

    def read(self, wait: bool = True) -> bytes:
        if self._hello:
            hello, self._hello = self._hello, b""
            return hello
        if not self._requested.is_set():
            if wait:
                self._requested.wait(0.05)
            return b""
        if not self._said:
            raise UsageError("the script is over")
        return self._said.pop(0)

    def write(self, data: bytes) -> None:
        for item in self._decoder.feed(data):
            if isinstance(item, Frame) and item.type == Generate.type:
                self._requested.set()

    def wake(self) -> None: ...

    def close(self) -> None: ...


class LyingChannel:
    target = "liar"

    def __init__(self, said: list[Message]) -> None:
        self._said = said

    def open(self) -> tuple[Transport, str]:
        return LyingTransport(self._said), "an agent that lies"

    def cause(self, error: DuotuiError) -> DuotuiError:
        return error

    def close(self) -> None: ...


def tell(said: list[Message], *, as_json: bool = False) -> tuple[int, str, str]:
    """Run `tell`; return its exit status, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()

    async def run() -> int:
        defects: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: defects.append(what))
        session = Session(LyingChannel(said), None, MonotonicClock(), iter([STORY_NUMBER]).__next__)
        status = Exit.OK
        try:
            await HeadlessRun(session, TellOptions(REQUEST, as_json=as_json), out, err).run()
        except DuotuiError as error:
            status = error.exit
            err.write(str(error))
        assert defects == []
        return status

    return asyncio.run(run()), out.getvalue(), err.getvalue()


@settings(max_examples=max(5, settings().max_examples // 4))
@given(st.integers(0, 2**32), st.booleans())
def test_whatever_it_says_tell_ends_with_a_status(seed: int, as_json: bool) -> None:
    status, out, err = tell(Liar(random.Random(seed)).conversation(), as_json=as_json)
    assert is_clean(out)
    assert is_clean(err)
    assert status in set(Exit)
    told = json.loads(out)["story"] if as_json and out else out.strip("\n")
    assert told or status != Exit.OK


@pytest.mark.parametrize("as_json", [False, True])
def test_an_honest_story_is_told(as_json: bool) -> None:
    status, out, _ = tell(list(honest_story()), as_json=as_json)
    assert status == Exit.OK
    assert (json.loads(out)["story"] if as_json else out.strip("\n")) == " a" * 6


@pytest.mark.parametrize("first", [1, -2], ids=["token", "end"])
def test_a_story_without_its_start_is_no_success(first: int) -> None:
    event = honest_story()[first]
    assert isinstance(event, StoryEvent)
    status, out, err = tell([replace(event, index=0)], as_json=True)
    assert (status, out) == (Exit.LINK_BROKEN, "")
    assert "does not begin with its start" in err.splitlines()[-1]
