"""How fast a board could tell at most: what it reads a token, over how fast it reads. Pure.

Williams, Waterman, Patterson 2009: below the ridge a kernel is as fast as its memory lets it be. A
token needs its weights once, so memory's rate over their bytes is a roof over tok/s.
"""

from dataclasses import dataclass

from duotui.base.errors import NotReady


@dataclass(frozen=True, slots=True)
class BandwidthSweep:
    """Bytes a second. reads: by the size that is read again and again. copy, fill: of the last."""

    reads: tuple[tuple[int, float], ...]
    copy: float
    fill: float

    @property
    def memory(self) -> float:
        """Reading the largest size, which is in no small board's cache."""
        return self.reads[-1][1]


@dataclass(frozen=True, slots=True)
class Roofline:
    """`bytes` of weights a token, in the mean over the story."""

    sweep: BandwidthSweep
    bytes: float

    @property
    def rate(self) -> float:
        """tok/s that memory allows."""
        return self.sweep.memory / self.bytes

    def reached(self, rate: float) -> float:
        return rate / self.rate


def parse_sweep(said: str) -> BandwidthSweep:
    """What `duollama bandwidth` printed. Raises NotReady where that is not to be read."""
    try:
        rows = [line.split() for line in said.splitlines()]
        found = [(name, int(size), float(rate) * 1e6) for name, size, rate in rows]
        reads = tuple((size, rate) for name, size, rate in found if name == "read")
        last = {name: rate for name, _, rate in found}
        sweep = BandwidthSweep(reads, last["copy"], last["fill"])
        if sweep.memory <= 0:
            raise ValueError
    except (ValueError, KeyError, IndexError) as error:
        raise NotReady(
            "the engine does not say how fast memory is", "duotui setup brings a newer one"
        ) from error
    return sweep
