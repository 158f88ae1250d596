"""Agent of the protocol, without a link: for tests of its client."""

from duotui.protocol.frames import Frame, NoiseBytes
from duotui.protocol.message_base import Message


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
