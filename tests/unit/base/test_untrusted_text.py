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
from duotui.protocol.message_base import Message
from duotui.protocol.tokens import Token
from duotui.session.recording import Recorder, Recording

HOSTILE = "\x1bc\x1b]52;c;cHduZWQ=\x07\x1b_Gi=1\x1b\\\x9b2J\u202eevil\u200b\u2028\nnext"


DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Bidirectional classes of marks (Unicode Standard Annex #9)."""


def is_harmless(text: str) -> bool:
    """True if `text` is one line without a control, a surrogate or an invisible mark."""
    return not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text())
def test_one_line_is_harmless(text: str) -> None:
    assert is_harmless(one_line(text))
    assert is_harmless(printable(text).replace("\n", ""))
    kept = set(without_controls(text)) - {"\n", "\t"}
    assert not {unicodedata.category(character) for character in kept} & {"Cc", "Cs"}
    assert not {unicodedata.bidirectional(character) for character in kept} & DIRECTIONS


def test_a_storys_text_has_no_marks_of_direction_and_keeps_its_emoji() -> None:
    assert without_controls("a\u202eb\u2066c\u200fd\udc80") == "abcd\ufffd"
    assert without_controls("\U0001f469\u200d\U0001f52c") == "\U0001f469\u200d\U0001f52c"


def test_what_is_printable_stays() -> None:
    assert one_line("Zoë's cat 🐈 said: “Hi”") == "Zoë's cat 🐈 said: “Hi”"
    assert (one_line("a\nb"), printable("a\tb\r\nc")) == ("a b", "a    b\nc")


def test_an_error_quotes_harmlessly() -> None:
    error = LinkBroken(f"the board says {HOSTILE}", HOSTILE)
    assert is_harmless(error.message)
    assert is_harmless(error.hint)
    assert "\ufffdc" in error.message


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (messages.Refused, pack("I", 1) + pack("B", 2) + pack("str", HOSTILE)),
        (messages.Hearing, pack("I", 1) + pack("B", 4) + pack("str", HOSTILE)),
    ],
)
def test_an_agents_words_are_harmless(kind: type[Message], payload: bytes) -> None:
    message = messages.parse_message(kind.type, payload)
    assert is_harmless(getattr(message, "text", "") + getattr(message, "trouble", ""))


def test_every_string_of_an_agent_is_cleaned() -> None:
    """A message that an agent sends has no field of the kind that keeps a string as it is."""
    kinds = [
        value
        for value in vars(messages).values()
        if isinstance(value, type) and issubclass(value, Message) and value is not Message
    ]
    sent = [kind for kind in kinds if kind.type >= 0x80]
    assert len(sent) > 5
    assert [kind for kind in sent if "str" in getattr(kind, "codes", ())] == []


def test_a_recording_of_somebody_else_is_harmless(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.jsonl")
    recorder.write(LinkUp(1.0, Source.BOARD, HOSTILE, HOSTILE))
    recorder.write(
        Ready(
            1.0,
            Source.BOARD,
            version=HOSTILE,
            model=HOSTILE,
            machine=HOSTILE,
            model_hash="aa",
            tokenizer_hash="bb",
            modes=(),
            vocabulary=1,
            context=1,
            parameters=1,
            boot=1,
        )
    )
    recorder.write(Tokens(1.0, Source.BOARD, (Token(0, 1, HOSTILE, 1),)))
    recorder.close()
    up, ready, tokens = Recording(tmp_path / "r.jsonl").events()
    assert isinstance(up, LinkUp)
    assert isinstance(ready, Ready)
    assert isinstance(tokens, Tokens)
    for text in (up.target, up.described, ready.version, ready.model, ready.machine):
        assert is_harmless(text)
    assert without_controls(tokens.tokens[0].text) == tokens.tokens[0].text
