"""Codec against the shared vectors, and against bytes of any kind."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.protocol import messages, story_messages
from duotui.protocol.fields import MalformedPayload
from duotui.protocol.frames import (
    Frame,
    FrameDecoder,
    NoiseBytes,
    cobs_decode,
    cobs_encode,
    encode,
)
from duotui.protocol.limits import MAX_PAYLOAD
from support.paths import VECTORS

VECTORS = VECTORS / "frames.txt"
LINES = [
    line.split("\t")
    for line in VECTORS.read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
FRAMES = {name: rest for name, *rest in LINES if rest[0] != "noise"}
NOISE = {name: rest for name, *rest in LINES if rest[0] == "noise"}
KNOWN = {name: rest for name, rest in FRAMES.items() if rest[0] != "0x7e"}

# Names in docs/protocol.md of fields that the code names otherwise.
OURS = {"probability": "probability", "text_hex": "text", "data_hex": "data"}


def hexed(column: str) -> bytes:
    return b"" if column == "-" else bytes.fromhex(column)


def frames(items: list[Frame | NoiseBytes]) -> list[Frame]:
    return [item for item in items if isinstance(item, Frame)]


def noise(items: list[Frame | NoiseBytes]) -> int:
    return sum(len(item.data) for item in items if isinstance(item, NoiseBytes))


def test_the_vectors_cover_every_message() -> None:
    types = {int(rest[0], 16) for rest in KNOWN.values()}
    assert types == {*range(0x01, 0x0E), *range(0x81, 0x8A)}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_encoded_and_decoded(name: str) -> None:
    kind, seq, payload, data, _ = FRAMES[name]
    frame = Frame(int(kind, 16), int(seq), hexed(payload))
    assert encode(frame) == hexed(data)
    assert FrameDecoder().feed(hexed(data)) == [frame]


@pytest.mark.parametrize("name", KNOWN)
def test_a_message_has_the_fields_of_its_vector(name: str) -> None:
    kind, _, payload, _, fields = KNOWN[name]
    message = messages.parse_message(int(kind, 16), hexed(payload))
    assert message.payload() == hexed(payload) or "nan" in name
    for word, value in json.loads(fields).items():
        if word == "kind":
            assert isinstance(message, story_messages.StoryEvent)
        ours = getattr(message, OURS.get(word, word))
        if isinstance(ours, bytes):
            assert ours == bytes.fromhex(value), word
        elif value is None:
            assert math.isnan(ours), word
        elif isinstance(ours, tuple):
            assert [list(v) if isinstance(v, tuple) else v for v in ours] == value, word
        else:
            assert ours == value, word


@pytest.mark.parametrize("name", NOISE)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_noise_is_counted_and_what_is_whole_is_found(name: str, size: int) -> None:
    _, _, _, encoded, expected_frames = NOISE[name]
    expected = json.loads(expected_frames)
    decoder, decoded = FrameDecoder(), []
    data = hexed(encoded)
    for start in range(0, len(data), size):
        decoded += decoder.feed(data[start : start + size])
    complete = [
        Frame(int(FRAMES[other][0], 16), int(FRAMES[other][1]), hexed(FRAMES[other][2]))
        for other in expected["frames"]
    ]
    assert frames(decoded) == complete
    assert noise(decoded) == expected["noise"]


@given(st.binary(max_size=2000))
def test_cobs_gives_back_what_it_took(data: bytes) -> None:
    stuffed = cobs_encode(data)
    assert 0 not in stuffed
    assert cobs_decode(stuffed) == data


@given(st.lists(st.binary(max_size=600)), st.integers(1, 50))
def test_frames_survive_any_noise_between_them(pieces: list[bytes], step: int) -> None:
    sent = [Frame(0x7E, number, piece) for number, piece in enumerate(pieces)]
    data = b"".join(b"login: \xff" + encode(frame) for frame in sent)
    decoder, decoded = FrameDecoder(), []
    for start in range(0, len(data), step):
        decoded += decoder.feed(data[start : start + step])
    assert frames(decoded) == sent
    assert noise(decoded) == 8 * len(sent)


@given(st.binary(max_size=9000))
def test_a_decoder_takes_anything_and_keeps_little(data: bytes) -> None:
    decoder = FrameDecoder()
    for start in range(0, len(data), 999):
        decoder.feed(data[start : start + 999])
    assert decoder.pending <= MAX_PAYLOAD + 1100


@given(st.binary(min_size=1, max_size=300), st.data())
def test_one_flipped_bit_is_never_another_frame(payload: bytes, data: st.DataObject) -> None:
    encoded = bytearray(encode(Frame(0x82, 5, payload)))
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    assert frames(FrameDecoder().feed(bytes(encoded) + b"\0")) in ([], [Frame(0x82, 5, payload)])


@given(st.sampled_from([*range(0x01, 0x0C), *range(0x80, 0x89)]), st.binary(max_size=200))
def test_a_payload_is_a_message_or_malformed(kind: int, payload: bytes) -> None:
    try:
        message = messages.parse_message(kind, payload)
    except MalformedPayload:
        return
    assert messages.parse_message(kind, message.payload()).payload() == message.payload()


def test_a_payload_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 4096"):
        encode(Frame(1, 0, bytes(MAX_PAYLOAD + 1)))
