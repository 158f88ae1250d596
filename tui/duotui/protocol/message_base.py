"""The base class of all messages, which packs their fields."""

from dataclasses import fields
from typing import ClassVar, Self

from duotui.protocol.fields import FieldReader, pack


class Message:
    """Base of all messages. `codes` are the encodings of the dataclass fields, in order."""

    type: ClassVar[int]
    codes: ClassVar[tuple[str, ...]]

    __slots__ = ()

    def payload(self) -> bytes:
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        values = (getattr(self, name) for name in names)
        return b"".join(pack(code, v) for code, v in zip(self.codes, values, strict=True))

    @classmethod
    def read(cls, reader: FieldReader) -> Self:
        return cls(*(reader.read(code) for code in cls.codes))
