"""Comparison of two streams of token ids, as far as both have come."""

from collections.abc import Sequence
from dataclasses import dataclass

from duotui.protocol.tokens import Token


@dataclass(frozen=True, slots=True)
class TokenDiff:
    """Result of a comparison of `compared` tokens; `first` is the first index where they differ."""

    compared: int = 0
    first: int | None = None

    @property
    def identical(self) -> bool:
        return self.first is None


def extend(diff: TokenDiff, board: Sequence[Token], baseline: Sequence[Token]) -> TokenDiff:
    """Extend `diff` by the tokens of two stories that have grown. Tokens after a difference are not
    compared: from there on the stories have different pasts."""
    if not diff.identical:
        return diff
    end = min(len(board), len(baseline))
    for index in range(diff.compared, end):
        if board[index].id != baseline[index].id:
            return TokenDiff(index + 1, index)
    return TokenDiff(end)


def settled(diff: TokenDiff, board: Sequence[Token], baseline: Sequence[Token]) -> TokenDiff:
    """Complete `diff` for two stories that are both over: a shorter one differs at its end."""
    diff = extend(diff, board, baseline)
    if diff.identical and len(board) != len(baseline):
        return TokenDiff(diff.compared, diff.compared)
    return diff
