"""Host's side of a running agent, for tests."""

import os
import select
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import agent_peer
from support.engine import Engine

UNKNOWN, PREPARED, HEARD, DONE, FAILED, STOPPED = range(6)
"""States of a sentence (docs/protocol.md)."""

AgentMessage = tuple[str, int, dict[str, Any]]
STORY_NUMBER = 7


class Host:
    """Host at the other end of the agent's terminal."""

    def __init__(
        self,
        engine: Engine,
        model: Path,
        tokenizer: Path,
        voice: Path | None = None,
        microphone: Path | None = None,
    ) -> None:
        self.master, self.slave = os.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [
                *(engine.path, "serve", model, "-z", tokenizer),
                *(("--voice", voice) if voice else ()),
                *(("--ear", microphone) if microphone else ()),
            ],
            stdin=self.slave,
            stdout=self.slave,
            stderr=subprocess.PIPE,
            env=engine.environment(),
        )
        self.splitter = agent_peer.Splitter()
        self.seq = 0
        self.received: list[AgentMessage] = []
        self.until("HELLO")

    def send(self, name: str, **values: object) -> None:
        self.raw(agent_peer.message(name, self.seq, **values))
        self.seq += 1

    def raw(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.master, data) :]

    def until(
        self, name: str, accepts: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> dict[str, Any]:
        """Return the next message `name` that `accepts`; all messages are in `received`."""
        position = len(self.received)
        end = time.monotonic() + 30
        while True:
            for received_name, _, values in self.received[position:]:
                position += 1
                if received_name == name and accepts(values):
                    return values
            remaining = max(0.0, end - time.monotonic())
            assert select.select([self.master], [], [], remaining)[0], f"no {name} came"
            self.received += self.splitter.feed(os.read(self.master, 65536))

    def generate(self, story: int = STORY_NUMBER, **changes: Any) -> None:
        fields: dict[str, object] = {
            "mode": 0,
            "flags": 1,
            "steps": 10,
            "temperature": 0.0,
            "top_p": 0.9,
            "seed": 1,
            "prompt": "",
        }
        self.send("GENERATE", story=story, **{**fields, **changes})

    def tokens(self) -> list[str]:
        events = [v for n, _, v in self.received if n == "EVENT" and v["kind"] == 1]
        return [bytes.fromhex(v["text_hex"]).decode("latin-1") for v in events]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        os.close(self.slave)
        os.close(self.master)


def run_end(values: dict[str, Any]) -> bool:
    return bool(values["kind"] == 2)
