"""Roofline from the engine's bandwidth and statistics."""

import pytest

from duotui.base.errors import NotReady
from duotui.scoring.roofline import Roofline, parse_sweep

STATISTICS = "read 16384 4000.0\nread 8388608 930.5\ncopy 8388608 400.1\nfill 8388608 1200.0\n"


def test_the_roof_is_what_memory_reads_over_what_a_token_needs() -> None:
    sweep = parse_sweep(STATISTICS)
    assert (sweep.memory, sweep.copy, sweep.fill) == (930.5e6, 400.1e6, 1200e6)
    roof = Roofline(sweep, 16.4e6)
    assert roof.rate == pytest.approx(56.74, abs=0.01)
    assert roof.reached(28.37) == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "sh: not found",
        "read 1 x\n",
        "copy 1 1\nfill 1 1\n",
        STATISTICS.replace("930.5", "0"),
        STATISTICS.replace("copy", "cope"),
    ],
)
def test_what_is_not_to_be_read_is_said(output: str) -> None:
    with pytest.raises(NotReady, match="how fast memory is"):
        parse_sweep(output)
