"""Noise reduction by spectral gating: bins that are no louder than the noise alone are attenuated.

The noise removal of pocketsphinx carries its estimate from one recording into the next, and removes
the beginning of words. The method here is that of Audacity and of T. Sainburg's noisereduce, whose
usual values these are.
"""

from typing import TYPE_CHECKING, Any

from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUMPY_MISSING = (N_("what is said cannot be understood"), N_("pip install 'duotui[ear]'"))
"""Message and hint of the error without numpy."""

FRAME_SAMPLES, HOP_SAMPLES = 512, 128
"""Samples per frame and from one frame to the next: 32 ms and 8 ms at 16,000 Hz."""

LEAST_NOISE_SAMPLES = 4 * FRAME_SAMPLES
"""Samples of noise that an estimate of it needs."""

GATE_THRESHOLD = 1.5
"""Standard deviations of the noise, in decibels, above its mean. Louder bins are voice."""

GATE_FLOOR = 0.1
"""Gain of a closed gate: without any noise, words sound cut out."""

SMOOTHING_BINS, SMOOTHING_FRAMES = 16, 6
"""Bins and frames over which the gate opens: 500 Hz and 50 ms, so that no single bin rings."""

QUIET_LEVEL = 20.0
"""Root mean square of the noise that is added, since no microphone is as silent as zeros.
pocketsphinx subtracts the mean of its features, which zeros would dominate."""


def without_noise(pcm: bytes, noise: bytes) -> bytes:
    """Return `pcm`, 16 bit and one channel, with noise like `noise` reduced; its length stays.
    Raises NotReady without numpy."""
    try:
        import numpy as np
    except ImportError as error:
        raise NotReady(*map(_, NUMPY_MISSING)) from error
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
        """Return spectra of shape (frames, FRAME_SAMPLES // 2 + 1)."""
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
        return np.fft.rfft(frames * window)

    loud = _decibels(spectra(noise))
    least = loud.mean(0) + GATE_THRESHOLD * loud.std(0)
    # padded so that every sample is in equally many frames, and the last frame is complete
    padded = np.pad(samples, (FRAME_SAMPLES, FRAME_SAMPLES + -len(samples) % HOP_SAMPLES))
    spectrum = spectra(padded)
    gate = _spread((_decibels(spectrum) > least).astype(float))
    output, weight = np.zeros(len(padded)), np.zeros(len(padded))
    for number, frame in enumerate(np.fft.irfft(spectrum * (GATE_FLOOR + (1 - GATE_FLOOR) * gate))):
        at = number * HOP_SAMPLES
        output[at : at + FRAME_SAMPLES] += frame * window
        weight[at : at + FRAME_SAMPLES] += window * window
    return (output / np.maximum(weight, 1e-9))[FRAME_SAMPLES : FRAME_SAMPLES + len(samples)]


def _decibels(spectra: Any) -> Any:  # noqa: ANN401
    import numpy as np

    return 20 * np.log10(np.abs(spectra) + 1e-9)


def _spread(gate: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return `gate` of shape (frames, bins), smoothed by triangles of SMOOTHING_FRAMES and
    SMOOTHING_BINS on each side."""
    import numpy as np

    for axis, reach in ((0, SMOOTHING_FRAMES), (1, SMOOTHING_BINS)):
        triangle = np.bartlett(2 * reach + 3)[1:-1]
        triangle /= triangle.sum()
        wide = np.apply_along_axis(np.convolve, axis, gate, triangle)
        gate = wide.take(range(reach, wide.shape[axis] - reach), axis)
    return gate
