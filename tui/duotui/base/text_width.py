"""Width of text on a terminal: a Chinese character takes two cells. rich knows each character's."""

from rich.cells import cell_len, chop_cells, set_cell_size


def padded(text: str, width: int) -> str:
    """Return `text` with spaces after it, up to `width` cells."""
    return text + " " * (width - cell_len(text))


def right_aligned(text: str, width: int) -> str:
    """Return `text` with spaces before it, up to `width` cells."""
    return " " * (width - cell_len(text)) + text


def fitted(text: str, width: int) -> str:
    """Return `text`, padded or cut to exactly `width` cells."""
    return set_cell_size(text, width)


def lines_of(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = []
    for word in text.split():
        if lines and cell_len(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines += chop_cells(word, width)
    return lines


__all__ = ["cell_len", "fitted", "lines_of", "padded", "right_aligned"]
