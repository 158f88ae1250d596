"""The limits of a request and of the wire, written from native/src/base/limits.h."""

MAX_STEPS = 4294967295
"""Most tokens of a story; 0 is the whole context."""

MAX_SEED = 18446744073709551615
"""Largest seed; 0 lets the agent choose one."""

MAX_TEMPERATURE = 3.4028234663852886e38
"""Largest float; 0 is greedy."""

MAX_TOP_P = 1.0
"""Largest top-p; 0 and 1 switch it off."""

MAX_PROMPT_BYTES = 4000
"""Most bytes of a prompt, as UTF-8."""

MAX_PROMPT_TOKENS = 1000
"""Most tokens of a prompt, which START repeats."""

MAX_PAYLOAD = 4096
"""Most bytes of a frame's payload."""

MAX_VOLUME = 100
"""Loudest volume of the board's speech, in percent."""
