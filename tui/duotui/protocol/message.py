"""The base of all messages: how its fields are packed."""

from dataclasses import fields
from typing import ClassVar, Self

from duotui.protocol.fields import FieldReader, pack


class Message:
    """Base of all messages. `codes` says how each dataclass field is packed, in order."""

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
