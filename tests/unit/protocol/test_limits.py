"""The limits, which C and Python read from one table."""

import runpy
import struct

import pytest

from duotui.protocol import limits
from duotui.protocol.frames import Frame, encode
from duotui.protocol.messages import Generate
from support.paths import ROOT

TOOL = runpy.run_path(str(ROOT / "native/limits.py"))


@pytest.mark.quick
def test_the_module_is_written_from_the_header() -> None:
    assert TOOL["MODULE"].read_text() == TOOL["module_text"](TOOL["HEADER"].read_text())


@pytest.mark.quick
def test_a_line_that_the_tool_does_not_understand_is_an_error() -> None:
    with pytest.raises(ValueError, match="MAX_STEPS"):
        TOOL["module_text"]("#define MAX_STEPS (1 << 9)  // most\n")


@pytest.mark.quick
def test_the_largest_request_fits_the_wire() -> None:
    request = Generate(
        story=2**32 - 1,
        mode=2,
        flags=1,
        steps=limits.MAX_STEPS,
        temperature=limits.MAX_TEMPERATURE,
        top_p=limits.MAX_TOP_P,
        seed=limits.MAX_SEED,
        prompt="x" * limits.MAX_PROMPT_BYTES,
    )
    encode(Frame(request.type, 0, request.payload()))
    with pytest.raises(OverflowError):
        struct.pack("<f", 2 * limits.MAX_TEMPERATURE)
