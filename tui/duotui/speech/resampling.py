"""Resampling of sound."""

import array
import math
from operator import mul

FILTER_TAPS = 16
"""Samples on each side from which a new sample is computed; more of them if the rate falls."""


def resampled(pcm: bytes, rate: int, to: int) -> bytes:
    """Return `pcm`, 16 bit and one channel, at `to` samples a second instead of `rate`. A windowed
    sinc prevents aliasing. Raises ValueError for a rate below 1."""
    if rate < 1 or to < 1:
        raise ValueError("a rate is at least 1")
    if rate == to:
        return pcm
    common = math.gcd(rate, to)
    step, phases = rate // common, to // common
    reach = FILTER_TAPS * max(1, math.ceil(rate / to))
    kernels = [_kernel(phase / phases, reach, min(1.0, to / rate)) for phase in range(phases)]
    padded = array.array("h", bytes(2 * reach))
    padded.frombytes(pcm[: len(pcm) // 2 * 2])
    padded.frombytes(bytes(2 * reach))
    samples = len(padded) - 2 * reach
    result = array.array("h")
    for number in range(samples * phases // step):
        at, phase = divmod(number * step, phases)
        value = round(sum(map(mul, kernels[phase], padded[at + 1 : at + 2 * reach + 1])))
        result.append(max(-32768, min(32767, value)))
    return result.tobytes()


def _kernel(offset: float, reach: int, cutoff: float) -> tuple[float, ...]:
    """Return the weights of the 2 `reach` samples around a point `offset` after the middle one."""
    weights = []
    for tap in range(1 - reach, reach + 1):
        distance = tap - offset
        window = 0.5 + 0.5 * math.cos(math.pi * distance / reach)
        angle = math.pi * distance * cutoff
        weights.append(window * (math.sin(angle) / angle if angle else 1.0))
    whole = sum(weights)
    return tuple(weight / whole for weight in weights)
