"""Is it the same story? Two streams of ids, compared as far as both have come."""

from collections.abc import Sequence
from dataclasses import dataclass

from duotui.protocol.tokens import Token


@dataclass(frozen=True, slots=True)
class TokenDiff:
    """`compared` tokens were looked at; `first` is the first index where they differ."""

    compared: int = 0
    first: int | None = None

    @property
    def identical(self) -> bool:
        return self.first is None


def extend(diff: TokenDiff, board: Sequence[Token], baseline: Sequence[Token]) -> TokenDiff:
    """`diff` of two stories that have grown since. Tokens after a difference are not compared:
    from there on the two have different pasts."""
    if not diff.identical:
        return diff
    end = min(len(board), len(baseline))
    for index in range(diff.compared, end):
        if board[index].id != baseline[index].id:
            return TokenDiff(index + 1, index)
    return TokenDiff(end)


def settled(diff: TokenDiff, board: Sequence[Token], baseline: Sequence[Token]) -> TokenDiff:
    """`diff` of two stories that are both over: a shorter one differs where it stops."""
    diff = extend(diff, board, baseline)
    if diff.identical and len(board) != len(baseline):
        return TokenDiff(diff.compared, diff.compared)
    return diff
