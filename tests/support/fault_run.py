"""Run of a story or a file transfer under a fault: its correctness and its recovery time."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from duotui.base import resources
from duotui.base.clock import MonotonicClock
from duotui.base.errors import DuotuiError
from duotui.base.progress import TransferProgress
from duotui.board.upload import upload
from duotui.protocol import events
from duotui.protocol.events import EndReason
from duotui.protocol.request import Mode, Request
from duotui.session.session import Session
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.targets.engine_binary import find_engine
from support.sessions import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from support.board_faults import BoardRig, Fault

STEPS = 48
HANG_TIMEOUT = 400.0
"""Seconds until a run counts as hung."""

ATTEMPTS = 20


@dataclass(frozen=True)
class Outcome:
    """Result of one run. `recovery`: seconds from the end of the fault to the next new token, or to
    the file; None if it did not strike, or has no end. `requests`: number of the user's requests.
    """

    right: bool
    recovery: float | None
    seconds: float
    requests: int


def request(seed: int) -> Request:
    return Request(mode=Mode.EXACT, steps=STEPS, seed=seed)


def expected(seed: int, folder: Path) -> list[int]:
    """Ids of the reference on this computer."""
    story = request(seed)
    ids = folder / "ids"
    subprocess.run(
        [
            *(find_engine(), resources.MODEL, "-z", resources.TOKENIZER, "-s", str(seed)),
            *("-t", str(story.temperature), "-p", str(story.top_p), "-n", str(STEPS)),
            *("-i", story.prompt, "--ids", ids),
        ],
        check=True,
        capture_output=True,
    )
    line = next(line for line in ids.read_text().splitlines() if line.startswith("out:"))
    return [int(word) for word in line.split()[1:]]


async def run_story(rig: BoardRig, fault: Fault, seed: int, ids: list[int]) -> Outcome:
    await asyncio.to_thread(fault.prepare)
    session = Session(
        rig.channel(), None, MonotonicClock(), lambda: fault.chance.randrange(1, 1 << 32)
    )
    watch = Watch(session)
    fault.join(session)
    moment = fault.chance.randrange(1, len(ids))
    started = time.monotonic()

    async def strikes() -> None:
        await watch.until(lambda s: len(s.board.tokens) >= moment, HANG_TIMEOUT)
        await asyncio.to_thread(fault.strike)

    striking = asyncio.create_task(strikes())
    try:
        session.generate(request(seed))
        requests, failed = 1, None
        while True:
            state = await watch.until(partial(_is_over, failed=failed), HANG_TIMEOUT)
            if _is_complete(state) or requests == ATTEMPTS:
                break
            requests += 1
            if _has_failed(state) and state.board.link is not LinkState.LOST:
                failed = state.board.ended
                session.generate(request(seed))
                continue
            await asyncio.sleep(1)
            session.open()
        seconds = time.monotonic() - started
        if _is_complete(state):
            await striking
    finally:
        striking.cancel()
        await session.close()
        await asyncio.to_thread(fault.end)
    right = [token.id for token in state.board.tokens] == ids
    recovery = _recovery(watch, rig.repaired_at, started) if fault.struck else None
    return Outcome(right and _is_complete(state), recovery, seconds, requests)


def _is_complete(state: SessionState) -> bool:
    end = state.board.ended
    return end is not None and end.reason in (EndReason.STEPS, EndReason.ENDED)


def _is_over(state: SessionState, failed: events.RunEnded | None) -> bool:
    """Say whether a user sees an end; `failed` is the one that was seen before."""
    new_failure = _has_failed(state) and state.board.ended is not failed
    return _is_complete(state) or new_failure or state.board.link is LinkState.LOST


def _has_failed(state: SessionState) -> bool:
    """Say whether the story was given up, as one of an engine that contradicts itself is."""
    end = state.board.ended
    return end is not None and end.reason is EndReason.FAILED


def _recovery(watch: Watch, repaired_at: float, started: float) -> float | None:
    """Seconds to the next new token, from the repair, or from the loss if nothing is repaired."""
    lost = [event.t for event in watch.events_seen if isinstance(event, events.LinkReconnecting)]
    start = max([repaired_at, *lost[:1]])
    if start < started:
        return None
    news = (events.Tokens, events.RunEnded)
    after = [event.t for event in watch.events_seen if isinstance(event, news) and event.t >= start]
    return after[0] - start if after else None


def send(rig: BoardRig, fault: Fault, source: Path, target: str) -> Outcome:
    """Send the file, with a new attempt after each failure, as a user does."""
    fault.prepare()
    size = source.stat().st_size
    moment = fault.chance.randrange(size)
    started, requests = time.monotonic(), 0
    stricken = False

    def on(now: TransferProgress) -> None:
        nonlocal stricken
        if now.done > moment and not stricken:
            stricken = True
            fault.strike()

    while requests < ATTEMPTS:
        requests += 1
        try:
            with rig.shell() as shell:
                upload(shell, source, target, MonotonicClock(), on, seconds=10)
                break
        except DuotuiError:
            time.sleep(1)
    seconds = time.monotonic() - started
    end = time.monotonic()
    fault.end()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    with rig.shell() as shell:
        right = shell.run(f"sha256sum {target}").split()[0] == digest
        complete = shell.ask(f"test -e {target}.part").status == 1
        shell.run(f"rm {target}")
    recovery = end - rig.repaired_at if fault.struck and rig.repaired_at > started else None
    return Outcome(right and complete, recovery, seconds, requests)
