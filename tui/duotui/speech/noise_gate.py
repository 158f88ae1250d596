"""Noise reduction by spectral gating: a part of the spectrum that is never louder than the noise
was by itself is turned down. The remedy of pocketsphinx follows the
noise from one recording into the next, and takes the beginning of the words with it.

The way is that of Audacity, and of T. Sainburg's noisereduce, whose usual values these are.
"""

from typing import TYPE_CHECKING, Any

from duotui.base.errors import NotReady

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUMPY_MISSING = ("what is said cannot be understood", "pip install 'duotui[ear]'")
"""Said where there is no numpy."""

FRAME_SAMPLES, HOP_SAMPLES = 512, 128
"""Samples, of 16,000 a second: 32 ms, each 8 ms."""

LEAST_NOISE_SAMPLES = 4 * FRAME_SAMPLES
"""Samples of noise, from which it can be known."""

GATE_THRESHOLD = 1.5
"""Standard deviations of the noise, in decibels, above its mean: what is louder is a voice."""

GATE_FLOOR = 0.1
"""Share of the noise that is left: with none of it words sound as if they were cut out."""

SMOOTHING_BINS, SMOOTHING_FRAMES = 16, 6
"""Bins and frames over which the gate opens: 500 Hz and 50 ms, so that no single bin rings."""

QUIET_LEVEL = 20.0
"""Root mean square of what is added. A microphone is never as silent as zeros are: pocketsphinx
takes away the mean of what is heard, which would be that of the silence."""


def without_noise(pcm: bytes, noise: bytes) -> bytes:
    """`pcm`, 16 bit and one channel, of which `noise` is known; as long as it was. Raises NotReady
    without numpy."""
    try:
        import numpy as np
    except ImportError as error:
        raise NotReady(*NUMPY_MISSING) from error
    samples = np.frombuffer(pcm, "<i2", len(pcm) // 2).astype(float)
    if not len(samples):
        return b""
    around = np.frombuffer(noise, "<i2", len(noise) // 2).astype(float)
    if len(around) >= LEAST_NOISE_SAMPLES:
        samples = _gated(samples, around)
    samples = samples + np.random.default_rng(0).normal(0.0, QUIET_LEVEL, len(samples))
    return bytes(samples.round().clip(-32768, 32767).astype("<i2").tobytes())


def _gated(samples: "NDArray[np.float64]", noise: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    window = np.hanning(FRAME_SAMPLES + 1)[:-1]

    def spectra(samples: "NDArray[np.float64]") -> Any:  # noqa: ANN401
        """(frames, FRAME // 2 + 1)"""
        every = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
        return np.fft.rfft(every * window)

    loud = _decibels(spectra(noise))
    least = loud.mean(0) + GATE_THRESHOLD * loud.std(0)
    # so that every sample is in as many frames, and the last frame is a whole one
    padded = np.pad(samples, (FRAME_SAMPLES, FRAME_SAMPLES + -len(samples) % HOP_SAMPLES))
    spectrum = spectra(padded)
    gate = _spread((_decibels(spectrum) > least).astype(float))
    made, weight = np.zeros(len(padded)), np.zeros(len(padded))
    for number, frame in enumerate(np.fft.irfft(spectrum * (GATE_FLOOR + (1 - GATE_FLOOR) * gate))):
        at = number * HOP_SAMPLES
        made[at : at + FRAME_SAMPLES] += frame * window
        weight[at : at + FRAME_SAMPLES] += window * window
    return (made / np.maximum(weight, 1e-9))[FRAME_SAMPLES : FRAME_SAMPLES + len(samples)]


def _decibels(spectra: Any) -> Any:  # noqa: ANN401
    import numpy as np

    return 20 * np.log10(np.abs(spectra) + 1e-9)


def _spread(gate: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Smoothed by triangles of BINS and FRAMES on each side."""
    import numpy as np

    for axis, reach in ((0, SMOOTHING_FRAMES), (1, SMOOTHING_BINS)):
        triangle = np.bartlett(2 * reach + 3)[1:-1]
        triangle /= triangle.sum()
        wide = np.apply_along_axis(np.convolve, axis, gate, triangle)
        gate = wide.take(range(reach, wide.shape[axis] - reach), axis)
    return gate
