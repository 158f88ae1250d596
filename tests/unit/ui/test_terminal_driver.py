"""Input of a terminal, byte by byte: nothing of it raises, and a paste ends."""

from hypothesis import given
from hypothesis import strategies as st

from duotui.ui.terminal_driver import (
    PASTE_END,
    PASTE_START,
    PASTE_TIMEOUT,
    QUIT_KEYS,
    InputDecoder,
)


@given(st.lists(st.binary(max_size=20)))
def test_no_bytes_raise(chunks: list[bytes]) -> None:
    decoder = InputDecoder()
    text = "".join(map(decoder.decode, chunks))
    assert text == b"".join(chunks).decode("utf-8", "ignore") or PASTE_END in text


@given(st.text(), st.lists(st.integers(1, 4)))
def test_text_arrives_however_it_is_cut(text: str, cuts: list[int]) -> None:
    data, decoder, found = text.encode("utf-8", "ignore"), InputDecoder(), ""
    for cut in [*cuts, len(data)]:
        found += decoder.decode(data[:cut])
        data = data[cut:]
    assert found.replace(PASTE_END, "") == text.encode("utf-8", "ignore").decode().replace(
        PASTE_END, ""
    )


def test_a_paste_is_seen_in_pieces_and_ends_by_itself() -> None:
    decoder = InputDecoder()
    for byte in f"{PASTE_START}Once".encode():
        decoder.decode(bytes([byte]))
    assert decoder.in_paste
    assert decoder.idle(PASTE_TIMEOUT / 2) == ""
    assert decoder.idle(PASTE_TIMEOUT / 2) == PASTE_END
    assert not decoder.in_paste
    assert decoder.idle(9.0) == ""


def test_a_paste_that_is_closed_ends_once() -> None:
    decoder = InputDecoder()
    decoder.decode(f"{PASTE_START}Once{PASTE_END}".encode())
    assert not decoder.in_paste


def test_a_quit_key_closes_a_paste() -> None:
    for key in QUIT_KEYS:
        decoder = InputDecoder()
        decoder.decode(f"{PASTE_START}Once".encode())
        assert decoder.decode(key) == PASTE_END + key.decode()
