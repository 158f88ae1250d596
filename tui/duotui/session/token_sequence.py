"""Immutable sequence of tokens that grows without copying those before."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from duotui.protocol.tokens import Token


class TokenSequence(Sequence[Token]):
    """The first `count` of `tokens`, a list that only `appended` changes, and only at its end."""

    __slots__ = ("_count", "_tokens")

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._tokens = list(tokens)
        self._count = len(self._tokens)

    def appended(self, tokens: Iterable[Token]) -> "TokenSequence":
        """Return this sequence with `tokens` after it."""
        grown = TokenSequence()
        # a list that has grown past this sequence already belongs to another one
        current = len(self._tokens) == self._count
        grown._tokens = self._tokens if current else self._tokens[: self._count]
        grown._tokens += tokens
        grown._count = len(grown._tokens)
        return grown

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Token]:
        return (self._tokens[index] for index in range(self._count))

    @overload
    def __getitem__(self, index: int) -> Token: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Token]: ...

    def __getitem__(self, index: int | slice) -> Token | Sequence[Token]:
        if isinstance(index, slice):
            return tuple(self._tokens[at] for at in range(*index.indices(self._count)))
        return self._tokens[range(self._count)[index]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"TokenSequence({list(self)!r})"
