# ruff: noqa: E501
"""Writer of frames.txt. Run it when docs/protocol.md changes: python tests/vectors/make_frames.py"""

import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from support.agent_peer import TYPES, Splitter, frame, pack, stuff, unpack  # noqa: E402

F32_MAX = struct.unpack("<f", bytes.fromhex("ffff7f7f"))[0]
F32_TINY = struct.unpack("<f", bytes.fromhex("01000000"))[0]
U8, U16, U32, U64 = 0xFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
STORY15M = "cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a"
RAMP = bytes(range(32)).hex()

ROWS: list[list[str]] = []
FRAMES: dict[str, bytes] = {}


def f32(x: float) -> float:
    """`x` rounded to fp32."""
    (rounded,) = struct.unpack("<f", struct.pack("<f", x))
    return float(rounded)


def row(name: str, message_: str, seq: int, **values: Any) -> None:
    payload = pack(message_, values)
    assert len(payload) <= 4096
    bytes_ = frame(TYPES[message_], seq, payload)
    assert unpack(message_, payload) == values, name
    FRAMES[name] = bytes_
    ROWS.append(
        [
            name,
            f"0x{TYPES[message_]:02x}",
            str(seq),
            payload.hex() or "-",
            bytes_.hex(),
            json.dumps(values, ensure_ascii=False),
        ]
    )


def noise(name: str, raw: bytes, count: int, *frames: str) -> None:
    """Add a case: `raw` must give these frames and this many bytes of noise (bytes 0x00 are never
    noise)."""
    splitter = Splitter()
    decoded = splitter.feed(raw)
    if len(raw) < 4000:  # the peer does not limit its buffer
        assert (splitter.noise, len(decoded)) == (count, len(frames)), (
            name,
            splitter.noise,
            decoded,
        )
    ROWS.append(
        [name, "noise", "-", "-", raw.hex(), json.dumps({"noise": count, "frames": list(frames)})]
    )


def host() -> None:
    row("hello_ask", "HELLO?", 0, protocol=2)
    row("hello_ask_max", "HELLO?", U16, protocol=U8)
    row(
        "generate",
        "GENERATE",
        1,
        story=7,
        mode=0,
        flags=1,
        steps=256,
        temperature=1.0,
        top_p=f32(0.9),
        seed=123,
        prompt="Once upon a time",
    )
    row(
        "generate_zero",
        "GENERATE",
        2,
        story=0,
        mode=0,
        flags=0,
        steps=0,
        temperature=0.0,
        top_p=0.0,
        seed=0,
        prompt="",
    )
    row(
        "generate_max",
        "GENERATE",
        3,
        story=U32,
        mode=U8,
        flags=U8,
        steps=U32,
        temperature=F32_MAX,
        top_p=F32_TINY,
        seed=U64,
        prompt="é中😀",
    )
    row(
        "generate_nan",
        "GENERATE",
        4,
        story=8,
        mode=1,
        flags=0,
        steps=1,
        temperature=None,
        top_p=None,
        seed=1,
        prompt="x",
    )
    row(
        "generate_longest",
        "GENERATE",
        5,
        story=9,
        mode=2,
        flags=1,
        steps=256,
        temperature=0.5,
        top_p=1.0,
        seed=5,
        prompt="a" * (4096 - 28),
    )
    row("cancel", "CANCEL", 256, story=7)
    row("cancel_max", "CANCEL", 257, story=U32)
    row("pause_on", "PAUSE", 258, story=7, on=1)
    row("pause_off", "PAUSE", 259, story=7, on=0)
    row("ack", "ACK", 260, story=7, next=33)
    row("ack_zero", "ACK", 0, story=0, next=0)
    row("ack_max", "ACK", U16, story=U32, next=U32)
    row("resume", "RESUME", 261, story=7, next=12)
    row("resume_max", "RESUME", 262, story=U32, next=U32)
    row("ping", "PING", 263, nonce=0xDEADBEEF)
    row("ping_zero", "PING", 0, nonce=0)
    row("stats_ask", "STATS?", 264)
    row("bye", "BYE", 265)
    row("speak", "SPEAK", 266, sentence=3, volume=64, text="The end.")
    row("speak_silent", "SPEAK", 269, sentence=4, volume=0, text="")
    row("speak_max", "SPEAK", U16, sentence=U32, volume=U8, text="s" * (4096 - 7))
    row("hush", "HUSH", 267, sentence=3)
    row("hush_max", "HUSH", 268, sentence=U32)
    row("listen", "LISTEN", 270, listen=5)
    row("listen_max", "LISTEN", 271, listen=U32)
    row("enough", "ENOUGH", 272, listen=5)
    row("enough_max", "ENOUGH", 273, listen=U32)


def agent() -> None:
    row(
        "hello",
        "HELLO",
        0,
        protocol=2,
        state=0,
        boot=0x0123456789ABCDEF,
        story=0,
        events=0,
        modes=1,
        vocabulary=32000,
        context=256,
        parameters=15191712,
        model_hash=STORY15M,
        tokenizer_hash=RAMP,
        version="0.1.0",
        model="stories15M.bin",
        machine="Linux riscv64 C906",
    )
    row(
        "hello_telling",
        "HELLO",
        1,
        protocol=1,
        state=1,
        boot=1,
        story=7,
        events=100,
        modes=0xC7,
        vocabulary=512,
        context=512,
        parameters=260032,
        model_hash=RAMP,
        tokenizer_hash=STORY15M,
        version="",
        model="",
        machine="",
    )
    row(
        "hello_max",
        "HELLO",
        U16,
        protocol=U8,
        state=U8,
        boot=U64,
        story=U32,
        events=U32,
        modes=U8,
        vocabulary=U32,
        context=U32,
        parameters=U64,
        model_hash="ff" * 32,
        tokenizer_hash="ff" * 32,
        version="é",
        model="模型.bin",
        machine="m" * 600,
    )
    row(
        "hello_zero",
        "HELLO",
        0,
        protocol=0,
        state=0,
        boot=0,
        story=0,
        events=0,
        modes=0,
        vocabulary=0,
        context=0,
        parameters=0,
        model_hash="00" * 32,
        tokenizer_hash="00" * 32,
        version="",
        model="",
        machine="",
    )
    row(
        "start",
        "EVENT",
        2,
        story=7,
        index=0,
        kind=0,
        mode=0,
        steps=256,
        temperature=1.0,
        top_p=f32(0.9),
        seed=123,
        clock=1234567,
        ids=[1, 9038, 2501, 263, 931],
    )
    row(
        "start_no_ids",
        "EVENT",
        3,
        story=7,
        index=0,
        kind=0,
        mode=0,
        steps=0,
        temperature=0.0,
        top_p=0.0,
        seed=0,
        clock=0,
        ids=[],
    )
    row(
        "start_max",
        "EVENT",
        4,
        story=U32,
        index=U32,
        kind=0,
        mode=U8,
        steps=U32,
        temperature=F32_MAX,
        top_p=1.0,
        seed=U64,
        clock=U64,
        ids=[U32, 0, U32],
    )
    row(
        "start_longest",
        "EVENT",
        5,
        story=1,
        index=0,
        kind=0,
        mode=2,
        steps=10240,
        temperature=1.0,
        top_p=0.5,
        seed=9,
        clock=10,
        ids=[1 + 7 * i for i in range(1014)],
    )
    row(
        "token",
        "EVENT",
        6,
        story=7,
        index=1,
        kind=1,
        id=727,
        clock=2345678,
        probability=0.75,
        text_hex=b" there".hex(),
    )
    row(
        "token_nan",
        "EVENT",
        7,
        story=7,
        index=2,
        kind=1,
        id=471,
        clock=2345679,
        probability=None,
        text_hex="20776173",
    )
    row(
        "token_byte",
        "EVENT",
        8,
        story=7,
        index=3,
        kind=1,
        id=243,
        clock=1,
        probability=1.0,
        text_hex="f0",
    )
    row(
        "token_nul_bytes",
        "EVENT",
        9,
        story=7,
        index=4,
        kind=1,
        id=3,
        clock=0,
        probability=0.0,
        text_hex="00" * 40,
    )
    row(
        "token_bos",
        "EVENT",
        10,
        story=7,
        index=5,
        kind=1,
        id=1,
        clock=99,
        probability=f32(0.1),
        text_hex="",
    )
    row(
        "token_max",
        "EVENT",
        U16,
        story=U32,
        index=U32,
        kind=1,
        id=U32,
        clock=U64,
        probability=F32_TINY,
        text_hex="ff" * 8,
    )
    # Runs without a zero around COBS's 254, in the middle and, by the CRC, at the end of a frame.
    for length in (200, 228, 229, 230, 231, 232, 253, 254, 255, 256, 508, 509, 762, 1016):
        row(
            f"token_run_{length}",
            "EVENT",
            0x0101,
            story=0x01010101,
            index=0x01010101,
            kind=1,
            id=0x01010101,
            clock=0x0101010101010101,
            probability=0.75,
            text_hex="61" * length,
        )
    row(
        "token_longest",
        "EVENT",
        11,
        story=7,
        index=6,
        kind=1,
        id=5,
        clock=6,
        probability=0.5,
        text_hex="62" * (4096 - 27),
    )
    row(
        "end_steps",
        "EVENT",
        12,
        story=7,
        index=257,
        kind=2,
        reason=0,
        tokens=256,
        clock=9999999,
        rate=24.3,
    )
    row("end_bos", "EVENT", 13, story=7, index=6, kind=2, reason=1, tokens=5, clock=5, rate=0.36)
    row(
        "end_cancelled",
        "EVENT",
        14,
        story=7,
        index=1,
        kind=2,
        reason=2,
        tokens=0,
        clock=5,
        rate=0.0,
    )
    row(
        "end_failed_max",
        "EVENT",
        15,
        story=U32,
        index=U32,
        kind=2,
        reason=3,
        tokens=U32,
        clock=U64,
        rate=1.7976931348623157e308,
    )
    row(
        "stats",
        "STATS",
        16,
        story=7,
        state=1,
        tokens=31,
        clock=7654321,
        first=280000,
        rss=31000,
        peak=32000,
        faults=12,
        repeats=3,
        noise=4,
    )
    row(
        "stats_zero",
        "STATS",
        0,
        story=0,
        state=0,
        tokens=0,
        clock=0,
        first=0,
        rss=0,
        peak=0,
        faults=0,
        repeats=0,
        noise=0,
    )
    row(
        "stats_max",
        "STATS",
        U16,
        story=U32,
        state=U8,
        tokens=U32,
        clock=U64,
        first=U64,
        rss=U32,
        peak=U32,
        faults=U64,
        repeats=U32,
        noise=U32,
    )
    row("pong", "PONG", 17, nonce=0xDEADBEEF, clock=123456789)
    row("pong_max", "PONG", U16, nonce=U32, clock=U64)
    row("refused", "REFUSED", 18, story=7, code=1, text="busy with story 6")
    row("refused_empty", "REFUSED", 19, story=0, code=5, text="")
    row("gone", "GONE", 20)
    row(
        "speech",
        "SPEECH",
        21,
        sentence=3,
        state=2,
        clock=9000000,
        asked=8100000,
        begun=8400000,
        ended=0,
        length=1206,
        trouble="",
        words=[[0, 0, 3], [310, 4, 4]],
    )
    row(
        "speech_failed",
        "SPEECH",
        22,
        sentence=0,
        state=4,
        clock=0,
        asked=0,
        begun=0,
        ended=0,
        length=0,
        trouble="no loudspeaker is known to the kernel",
        words=[],
    )
    row(
        "speech_max",
        "SPEECH",
        U16,
        sentence=U32,
        state=U8,
        clock=U64,
        asked=U64,
        begun=U64,
        ended=U64,
        length=U32,
        trouble="é" * 100,
        words=[[U32, U16, U16]] * 400,
    )
    row("sound", "SOUND", 23, listen=5, index=3, predictor=-1204, step=37, data_hex=RAMP * 10)
    row("sound_silent", "SOUND", 24, listen=5, index=0, predictor=0, step=0, data_hex="00" * 320)
    row("sound_empty", "SOUND", 25, listen=0, index=0, predictor=-1, step=0, data_hex="")
    row(
        "sound_max",
        "SOUND",
        U16,
        listen=U32,
        index=U32,
        predictor=-(2**15),
        step=U8,
        data_hex="ff" * (4096 - 13),
    )
    row("hearing", "HEARING", 26, listen=5, state=1, trouble="")
    row("hearing_failed", "HEARING", 27, listen=5, state=4, trouble="arecord: main:831: busy")
    row("hearing_max", "HEARING", U16, listen=U32, state=U8, trouble="é" * 2044)


def noises() -> None:
    ping, ack = FRAMES["ping"], FRAMES["ack"]
    noise("noise_zeros", bytes(9), 0)
    noise("noise_login", b"\0\r\nmilkv-duo login: \0", 20 - 1)
    noise("noise_kernel", b"\0[   12.345678] usb 1-1: new device\r\n\0", 36 + 0)
    noise("noise_short", b"\0\x03ab\0", 3)
    noise("noise_six_bytes", b"\0" + stuff(b"\x07" * 6) + b"\0", 7)
    noise("noise_bad_cobs", b"\0\x09abc\0", 4)
    flipped = bytearray(ping)
    flipped[4] ^= 0x10
    noise("noise_flipped_bit", bytes(flipped), len(ping) - 2 - bytes(flipped[1:-1]).count(0))
    noise("noise_bad_crc", b"\0" + stuff(b"\x07\x01\0abcd\0\0\0\0") + b"\0", 12)
    noise("noise_cut_frame", ping[:7] + b"\0", 6)
    noise("noise_before_frame", b"hello" + ping, 5, "ping")
    noise("noise_between_frames", ping + b"[ 1.0] oops\r\n" + ack, 13, "ping", "ack")
    noise("noise_shared_delimiter", ping[:-1] + ack, 0, "ping", "ack")
    noise(
        "noise_inside_frame", ping[:6] + b"\r\nlogin: " + ping[6:] + ack, len(ping) - 2 + 9, "ack"
    )
    noise("noise_text_without_zero", b"\0" + b"x" * 5000 + b"\0" + ping, 5000, "ping")
    noise("noise_longest_piece", b"\0" + b"x" * 4120 + b"\0" + ping, 4120, "ping")
    noise("noise_one_longer", b"\0" + b"x" * 4121 + b"\0" + ping, 4121, "ping")
    long_ = b"\x07\0\0" + b"z" * 4097
    long_ += struct.pack("<I", zlib.crc32(long_))
    noise("noise_payload_4097", b"\0" + stuff(long_) + b"\0" + ping, len(stuff(long_)), "ping")
    # A trailing empty block (code 0x01 after a full one) is another valid spelling of the same bytes.
    for salt in range(256):
        data = b"\x7e\x01\x01" + b"y" * 246 + bytes([1 + salt % 255])
        data += struct.pack("<I", zlib.crc32(data))
        if 0 not in data and len(data) == 254:
            ROWS.append(
                [
                    "full_block_at_the_end",
                    "0x7e",
                    str(0x0101),
                    data[3:-4].hex(),
                    (b"\0" + stuff(data) + b"\0").hex(),
                    "{}",
                ]
            )
            assert stuff(data) == b"\xff" + data
            ROWS.append(
                [
                    "full_block_and_empty_block",
                    "noise",
                    "-",
                    "-",
                    (b"\0" + stuff(data) + b"\x01\0").hex(),
                    json.dumps({"noise": 0, "frames": ["full_block_at_the_end"]}),
                ]
            )
            break
    else:
        raise AssertionError


HEAD = """\
# Examples of docs/protocol.md, written by make_frames.py; read by tests/native and tests/unit.
# name <tab> type <tab> seq <tab> payload, hex (- when empty) <tab> frame, hex <tab> fields, JSON
# JSON: the words of the protocol's tables in snake_case; null is NaN; hashes and text_hex are hex.
# The frame is what an encoder gives, byte for byte: one 0x00 at each end, and after a full COBS block
# (0xff) that ends the data no empty block. A decoder takes the empty block too (the last line).
# Type "noise": fed to a new frame decoder the 5th column gives `frames` (names of other lines, in
# order) and `noise` bytes; bytes 0x00 are never counted. Type 0x7e is a frame of no known message.
"""

host()
agent()
noises()
(HERE / "frames.txt").write_text(
    HEAD + "".join("\t".join(r) + "\n" for r in ROWS), encoding="utf-8"
)
print(len(ROWS), "lines")
