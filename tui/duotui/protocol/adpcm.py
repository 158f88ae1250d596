"""Audio at four bits a sample: IMA ADPCM, the encoding of SOUND (docs/protocol.md)."""

import array

STEP_SIZES = (
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    16,
    17,
    19,
    21,
    23,
    25,
    28,
    31,
    34,
    37,
    41,
    45,
    50,
    55,
    60,
    66,
    73,
    80,
    88,
    97,
    107,
    118,
    130,
    143,
    157,
    173,
    190,
    209,
    230,
    253,
    279,
    307,
    337,
    371,
    408,
    449,
    494,
    544,
    598,
    658,
    724,
    796,
    876,
    963,
    1060,
    1166,
    1282,
    1411,
    1552,
    1707,
    1878,
    2066,
    2272,
    2499,
    2749,
    3024,
    3327,
    3660,
    4026,
    4428,
    4871,
    5358,
    5894,
    6484,
    7132,
    7845,
    8630,
    9493,
    10442,
    11487,
    12635,
    13899,
    15289,
    16818,
    18500,
    20350,
    22385,
    24623,
    27086,
    29794,
    32767,
)
_LAST = len(STEP_SIZES) - 1
_INDEX_STEPS = (-1, -1, -1, -1, 2, 4, 6, 8) * 2
_DIFFERENCES = tuple(
    tuple(
        (-1 if code & 8 else 1)
        * (
            (size >> 3)
            + (size if code & 4 else 0)
            + (size >> 1 if code & 2 else 0)
            + (size >> 2 if code & 1 else 0)
        )
        for code in range(16)
    )
    for size in STEP_SIZES
)
"""Difference of each code (0 to 15) for each step index: 89 rows of 16."""


def decode(predictor: int, step: int, data: bytes) -> bytes:
    """Decode `data` to 16-bit PCM, two samples a byte. A step beyond the last is the last."""
    samples = array.array("h")
    step = min(max(step, 0), _LAST)
    for byte in data:
        for code in (byte & 15, byte >> 4):
            predictor = min(max(predictor + _DIFFERENCES[step][code], -32768), 32767)
            step = min(max(step + _INDEX_STEPS[code], 0), _LAST)
            samples.append(predictor)
    return samples.tobytes()
