"""Roofline: the most tok/s of a machine, its memory bandwidth over the bytes read a token. Pure.

Williams, Waterman, Patterson 2009: below the ridge, memory bandwidth limits a kernel. A token needs
its weights once, so bandwidth over the weights' bytes limits tok/s.
"""

from dataclasses import dataclass

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _


@dataclass(frozen=True, slots=True)
class BandwidthSweep:
    """Bytes a second: `reads` by the size read repeatedly, `copy` and `fill` of the last size."""

    reads: tuple[tuple[int, float], ...]
    copy: float
    fill: float

    @property
    def memory(self) -> float:
        """Bandwidth of reading the largest size, which exceeds a small board's cache."""
        return self.reads[-1][1]


@dataclass(frozen=True, slots=True)
class Roofline:
    """Roofline of a machine. bytes: weights read a token, in bytes, in the mean over the story."""

    sweep: BandwidthSweep
    bytes: float

    @property
    def rate(self) -> float:
        """tok/s that memory bandwidth allows."""
        return self.sweep.memory / self.bytes

    def reached(self, rate: float) -> float:
        return rate / self.rate


def parse_sweep(output: str) -> BandwidthSweep:
    """Parse the output of `duollama bandwidth`. Raises NotReady if it is malformed."""
    try:
        rows = [line.split() for line in output.splitlines()]
        results = [(name, int(size), float(rate) * 1e6) for name, size, rate in rows]
        reads = tuple((size, rate) for name, size, rate in results if name == "read")
        last = {name: rate for name, _, rate in results}
        sweep = BandwidthSweep(reads, last["copy"], last["fill"])
        if sweep.memory <= 0:
            raise ValueError
    except (ValueError, KeyError, IndexError) as error:
        raise NotReady(
            _("the engine does not say how fast memory is"), _("duotui setup brings a newer one")
        ) from error
    return sweep
