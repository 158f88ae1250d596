"""Text of others can do nothing to a terminal, wherever it enters."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.base.errors import LinkBroken
from duotui.base.untrusted_text import one_line, printable, without_controls
from duotui.protocol import messages
from duotui.protocol.events import LinkUp, Ready, Source, Tokens
from duotui.protocol.fields import pack
from duotui.protocol.message import Message
from duotui.protocol.tokens import Token
from duotui.session.recording import Recorder, read

HOSTILE = "\x1bc\x1b]52;c;cHduZWQ=\x07\x1b_Gi=1\x1b\\\x9b2J\u202eevil\u200b\u2028\nnext"


def is_harmless(text: str) -> bool:
    """True if `text` is one line without a control, a surrogate or an invisible mark."""
    return not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text())
def test_one_line_is_harmless(text: str) -> None:
    assert is_harmless(one_line(text))
    assert is_harmless(printable(text).replace("\n", ""))
    kept = set(without_controls(text)) - {"
", "	"}
    assert "Cc" not in {unicodedata.category(character) for character in kept}
    recorder.write(Tokens(1.0, Source.BOARD, (Token(0, 1, HOSTILE, 1),)))
    recorder.close()
    up, ready, tokens = read(tmp_path / "r.jsonl")
    assert isinstance(up, LinkUp)
    assert isinstance(ready, Ready)
    assert isinstance(tokens, Tokens)
    for text in (up.target, up.described, ready.version, ready.model, ready.machine):
        assert is_harmless(text)
    assert without_controls(tokens.tokens[0].text) == tokens.tokens[0].text
