"""Agent of the protocol, without a link: for tests of its client."""

from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.message_base import Message
from duotui.protocol.messages import Hello

HELLO = Hello(
    protocol=1,
    state=0,
    boot=99,
    story=0,
    events=0,
    modes=1,
    vocabulary=512,
    context=256,
    parameters=1000,
    model_hash=b"m" * 32,
    tokenizer_hash=b"t" * 32,
    version="0.1.0",
    model="m.bin",
    machine="here",
)
"""The HELLO of an agent that is idle, has mode reference and no voice."""


class Agent:
    """Encoder of frames with an agent's sequence numbers."""

    def __init__(self) -> None:
        self.seq = 0

    def frames(self, *messages: Message) -> list[Frame | NoiseBytes]:
        frames: list[Frame | NoiseBytes] = []
        for message in messages:
            frames.append(Frame(message.type, self.seq, message.payload()))
            self.seq += 1
        return frames
