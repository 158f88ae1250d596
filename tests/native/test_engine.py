"""duollama's command line: llama2.c's ids and text, and one clear line for each error."""

from __future__ import annotations

import os
import random
import re
import resource
import struct
import subprocess
from array import array
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

import pytest

from support.checkpoints import (
    BYTE_PIECES,
    MAGIC,
    SPECIAL_PIECES,
    Checkpoint,
    Piece,
    Shape,
    coins,
    encode,
    forward,
    pieces_of,
    read_tokenizer,
    softmax,
    tokenizer_file,
)
from support.engine import NATIVE, SHARED, Engine
from support.engine_cases import GOLDEN_PROMPTS, GOLDEN_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "model.bin", Checkpoint.of_noise(Shape(), seed=1).version_0())


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    pieces = pieces_of(*(bytes([c]) for c in b"abcdefg"))
    return write(tmp_path / "tokenizer.bin", tokenizer_file(pieces, Shape().vocab))


# --- llama2.c's own stories and tokens


@pytest.mark.parametrize("setting", GOLDEN_SETTINGS)
@pytest.mark.parametrize("prompt", GOLDEN_PROMPTS)
def test_tells_llama2c_story(
    engine: Engine, shared: Path, tmp_path: Path, prompt: str, setting: str
) -> None:
    golden = shared / "golden/stories260K"
    models = shared / "models"
    result = engine.run(
        models / "stories260K.bin",
        "-z",
        models / "tok512.bin",
        *GOLDEN_SETTINGS[setting],
        "-i",
        GOLDEN_PROMPTS[prompt],
        "--ids",
        tmp_path / "ids",
        "--compat-print",
    )
    assert (tmp_path / "ids").read_bytes() == (golden / f"{prompt}.{setting}.ids").read_bytes()
    assert result.stdout == (golden / f"{prompt}.{setting}.txt").read_bytes()
    assert re.fullmatch(rb"achieved tok/s: \d+\.\d{6}\n", result.stderr)
    assert result.returncode == 0


def token_cases() -> list[tuple[str, str, list[int]]]:
    cases = []
    for path in sorted(SHARED.glob("golden/tokens/*.tsv")):
        for line in path.read_text().splitlines():
            text, ids = line.split("\t")
            cases.append((path.stem, text, [int(i) for i in ids.split()]))
    return cases


NONE: list[tuple[str, str, list[int]]] = [("", "", [])]  # without files, `shared` skips


@pytest.mark.parametrize(("name", "text", "ids"), token_cases() or NONE)
def test_encodes_as_llama2c(
    engine: Engine, shared: Path, tmp_path: Path, name: str, text: str, ids: list[int]
) -> None:
    vocab = {"tok512.bin": 512, "tokenizer.bin": 32000}[name]
    zeros = Checkpoint.of_zeros(Shape(dim=8, hidden=8, layers=1, heads=1, kv_heads=1, vocab=vocab))
    model = write(tmp_path / "model", zeros.version_0())
    tokenizer = shared / "models" / name
    prompt, _, _ = engine.generate(tmp_path / "ids", model, "-z", tokenizer, "-n", "1", "-i", text)
    assert prompt == ids


# --- the tokenizer against a naive implementation


def random_texts(alphabet: Sequence[str], count: int, longest: int) -> list[str]:
    noise = random.Random(5)
    return ["".join(noise.choices(alphabet, k=noise.randint(1, longest))) for _ in range(count)]


def test_encodes_any_text_as_the_slow_way(shipped: Engine, shared: Path, tmp_path: Path) -> None:
    tokenizer = shared / "models/tok512.bin"
    pieces = read_tokenizer(tokenizer, 512)
    model = shared / "models/stories260K.bin"
    words = [*"abcdehilnorstuwy,.'\n\"", " ", " the", " and", "he", "é", "猫", "🙂", "\t"]
    for text in random_texts(words, 100, 120):
        prompt, _, _ = shipped.generate(
            tmp_path / "ids", model, "-z", tokenizer, "-n", "1", "-i", text
        )
        assert prompt == encode(pieces, text), text


def test_merges_equal_scores_from_the_left(shipped: Engine, tmp_path: Path, model: Path) -> None:
    noise = random.Random(3)
    joined = {"".join(noise.choices("ab ", k=noise.randint(2, 5))).encode() for _ in range(60)}
    scored = [(text, noise.choice([-1.0, 0.0, 2.5, -1e10, float("nan")])) for text in joined]
    pieces = pieces_of(b"a", b"b", *sorted(scored)[:35])
    tokenizer = write(tmp_path / "t", tokenizer_file(pieces, Shape().vocab))
    for text in random_texts("ab ", 60, 40):
        prompt, _, _ = shipped.generate(
            tmp_path / "ids", model, "-z", tokenizer, "-n", "1", "-i", text
        )
        assert prompt == encode(pieces, text), text


def test_long_prompt_is_refused_at_once(shipped: Engine, model: Path, tokenizer: Path) -> None:
    result = shipped.run(model, "-z", tokenizer, "-i", "ab " * 40_000)
    assert_refused(result, b"120002 tokens and the model reads at most 64")


# --- printing


def print_prompt(
    engine: Engine, tmp_path: Path, pieces: list[Piece], text: str, *options: str, cut: int = 0
) -> bytes:
    """Output if the whole story is the prompt, except its last `cut` tokens."""
    shape = Shape(vocab=max(300, len(pieces)))
    model = write(tmp_path / "m", Checkpoint.of_zeros(shape).version_0())
    tokenizer = write(tmp_path / "t", tokenizer_file(pieces, shape.vocab))
    steps = len(encode(pieces, text)) - 1 - cut
    result = engine.run(model, "-z", tokenizer, "-i", text, "-n", str(steps), *options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_prints_utf8_that_tokens_cut(engine: Engine, tmp_path: Path) -> None:
    text = "小猫 said héllo 🙂\tx\ny"
    assert print_prompt(engine, tmp_path, pieces_of(), text) == text.encode() + b"\n"


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_marks_a_character_that_the_story_cuts(engine: Engine, tmp_path: Path, cut: int) -> None:
    assert print_prompt(engine, tmp_path, pieces_of(), "a🙂", cut=cut) == "a\ufffd\n".encode()


def test_marks_bytes_that_are_not_utf8(engine: Engine, tmp_path: Path) -> None:
    # No prompt reaches a piece that is not UTF-8. Let all logits be equal: argmax is the first.
    broken = b"\xf0\x9fz\xff"
    model = write(tmp_path / "m", Checkpoint.of_zeros(Shape()).version_0())
    tokenizer = write(tmp_path / "t", tokenizer_file([(broken, 0.0), *pieces_of()[1:]], 300))
    story = (model, "-z", tokenizer, "-t", "0", "-n", "2")
    assert engine.run(*story).stdout.decode() == "\ufffdz\ufffd" * 2 + "\n"
    assert engine.run(*story, "--compat-print").stdout == broken * 2 + b"\n"


def test_drops_what_a_terminal_would_obey(engine: Engine, tmp_path: Path) -> None:
    text = "a\x1b[31m\u009b31m\x7f\r\x08\x07b"
    assert print_prompt(engine, tmp_path, pieces_of(), text) == b"a[31m31mb\n"


def test_compat_print_drops_single_bytes(engine: Engine, tmp_path: Path) -> None:
    text = "a\x1b\r猫 é\x7fb"
    printed = print_prompt(engine, tmp_path, pieces_of("é".encode()), text, "--compat-print")
    assert printed == "a\r éb\n".encode()


def test_byte_piece_may_lack_its_end(engine: Engine, tmp_path: Path) -> None:
    steps = [b"<", b"0", b"x", b"4", b"1", b"<0", b"<0x", b"<0x4", b"<0x41"]
    scores = [(text, float(len(text))) for text in steps]
    assert print_prompt(engine, tmp_path, pieces_of(*scores), "<0x41") == b"A\n"


# --- arithmetic against plain Python

SHAPES = {
    "grouped": (Shape(), True),
    "untied": (Shape(dim=24, hidden=17, layers=3, heads=3, kv_heads=3), False),
    "multi-query": (Shape(dim=40, hidden=56, layers=1, heads=4, kv_heads=1), False),
}


@pytest.mark.parametrize("name", SHAPES)
def test_greedy_is_the_greatest_logit(
    engine: Engine, tmp_path: Path, tokenizer: Path, name: str
) -> None:
    shape, tied = SHAPES[name]
    checkpoint = Checkpoint.of_noise(shape, seed=11, tied=tied)
    model = write(tmp_path / "m", checkpoint.version_0())
    prompt, out, _ = engine.generate(
        tmp_path / "ids", model, "-z", tokenizer, "-t", "0", "-n", "40", "-i", "ab cab"
    )
    for step, logits in enumerate(forward(checkpoint, [prompt[0], *out[:-1]])):
        if step + 1 < len(prompt):
            assert out[step] == prompt[step + 1]
        else:
            assert logits[out[step]] > max(logits) - 1e-4


@pytest.mark.parametrize("topp", ["0", "0.3", "0.9", "1"])
def test_sampling_is_where_the_coin_falls(
    engine: Engine, tmp_path: Path, tokenizer: Path, model: Path, topp: str
) -> None:
    checkpoint = Checkpoint.of_noise(Shape(), seed=1)
    _, out, _ = engine.generate(
        tmp_path / "ids", model, "-z", tokenizer, "-t", "0.8", "-p", topp, "-s", "77"
    )
    flips = coins(77)
    for step, logits in enumerate(forward(checkpoint, [1, *out[:-1]])):
        probability = softmax([x / 0.8 for x in logits])
        order = list(range(len(probability)))
        total = 1.0
        if topp not in ("0", "1"):
            order.sort(key=lambda i: -probability[i])
            total = 0.0
            for count, i in enumerate(order, 1):
                total += probability[i]
                if total > float(topp):
                    order = order[:count]
                    break
        before = sum(probability[i] for i in order[: order.index(out[step])])
        target = next(flips) * total
        assert before - 1e-4 <= target <= before + probability[out[step]] + 1e-4


@pytest.mark.parametrize("tied", [True, False])
def test_int8_checkpoint_is_its_expanded_weights(
    engine: Engine, tmp_path: Path, tokenizer: Path, tied: bool
) -> None:
    shape = Shape(dim=32, hidden=48)
    quantised, expanded = Checkpoint.of_noise(shape, seed=4, tied=tied).version_2(16)
    settings = ("-z", tokenizer, "-t", "1", "-s", "9", "-i", "abc")
    of_int8 = engine.generate(tmp_path / "a", write(tmp_path / "m2", quantised), *settings)
    of_fp32 = engine.generate(
        tmp_path / "b", write(tmp_path / "m0", expanded.version_0()), *settings
    )
    assert of_int8 == of_fp32


@pytest.fixture(scope="module")
def probabilities(shipped: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Program that generates with probabilities, which the command line never asks for."""
    program = tmp_path_factory.mktemp("probabilities") / "probabilities"
    objects = [path for path in (shipped.path.parent / "src").rglob("*.o") if path.stem != "main"]
    source = NATIVE.parent / "tests/native/probabilities.c"
    files: list[str | Path] = [source, *objects, "-o", program]
    subprocess.run(["cc", "-std=c11", "-I", NATIVE / "src", *files, "-lm", "-pthread"], check=True)
    return program


@pytest.mark.parametrize("temperature", [0, 0.7, 1])
def test_probability_of_each_token(
    shipped: Engine,
    probabilities: Path,
    tmp_path: Path,
    model: Path,
    tokenizer: Path,
    temperature: float,
) -> None:
    result = subprocess.run(
        [probabilities, model, tokenizer, str(temperature), "30", "ab"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    ids = [int(i) for i in result[::2]]
    _, plain, _ = shipped.generate(
        tmp_path / "ids",
        model,
        "-z",
        tokenizer,
        "-t",
        str(temperature),
        "-s",
        "7",
        "-n",
        "30",
        "-i",
        "ab",
    )
    assert ids == plain
    logits = forward(Checkpoint.of_noise(Shape(), seed=1), [1, *ids[:-1]])
    for row, token, probability in zip(logits, ids, result[1::2], strict=True):
        expected = softmax([x / (temperature or 1) for x in row])[token]
        assert float(probability) == pytest.approx(expected, rel=1e-3, abs=1e-6)


# --- steps, seeds, files


def test_steps(shipped: Engine, tmp_path: Path, model: Path, tokenizer: Path) -> None:
    def count(steps: str, prompt: str = "") -> int:
        settings = ("-z", tokenizer, "-t", "0", "-n", steps, "-i", prompt)
        _, out, _ = shipped.generate(tmp_path / "ids", model, *settings)
        assert out[-1] != 1
        return len(out)

    assert count("1") == 1
    assert count("7") == 7
    assert count("2", "abcdefg") == 2  # fewer than the prompt has
    assert count("0") == count("64") == count("4294967295") == 64


def test_one_step_has_no_speed(shipped: Engine, model: Path, tokenizer: Path) -> None:
    assert shipped.run(model, "-z", tokenizer, "-n", "1").stderr == b""


def test_story_ends_at_bos(shipped: Engine, tmp_path: Path, tokenizer: Path) -> None:
    checkpoint = Checkpoint.of_noise(Shape(layers=1), seed=6, tied=False)
    dim = checkpoint.shape.dim
    last = next(forward(checkpoint, [1]))
    # Give BOS the row of the token that greedy would choose, a bit longer: it is sampled at once.
    best = max(range(len(last)), key=last.__getitem__)
    row = checkpoint.weights["classifier"][best * dim : (best + 1) * dim]
    for i, weight in enumerate(row):
        checkpoint.weights["classifier"][dim + i] = 2 * weight
    model = write(tmp_path / "m", checkpoint.version_0())
    _, out, text = shipped.generate(tmp_path / "ids", model, "-z", tokenizer, "-t", "0")
    assert (out, text) == ([1], b"\n")


def test_seed_makes_the_story(
    shipped: Engine, tmp_path: Path, model: Path, tokenizer: Path
) -> None:
    def story(*settings: str) -> list[int]:
        return shipped.generate(tmp_path / "ids", model, "-z", tokenizer, *settings)[1]

    assert story("-s", "5") == story("-s", "5")
    assert story("-s", "5") != story("--seed", "18446744073709551615")
    assert story("-m", "generate", "-y", "x", "--mode", "reference", "-s", "5") == story("-s", "5")


@pytest.mark.parametrize(
    ("as_run_c", "meant"),
    [
        (["-s", "-1"], ["--seed", str(2**64 - 1)]),
        (["-s", "2147483647"], ["--seed", "2147483647"]),
        (["-s", "2147483648"], ["--seed", str(2**64 - 2**31)]),
        (["-s", "3000000000"], ["--seed", "18446744072414584320"]),
        (["-s", "4294967301"], ["--seed", "5"]),
        (["-s", "18446744073709551616"], ["--seed", str(2**64 - 1)]),
        (["-s", "5", "-n", "-1"], ["-s", "5", "-n", "0"]),
        (["-s", "5", "-t", "-1"], ["-s", "5", "-t", "0"]),
        (["-s", "5", "-p", "1.5"], ["-s", "5", "-p", "0.9"]),
        (["-s", "5", "-p", "-1"], ["-s", "5", "-p", "0.9"]),
    ],
)
def test_numbers_are_read_as_run_c_reads_them(
    shipped: Engine,
    tmp_path: Path,
    model: Path,
    tokenizer: Path,
    as_run_c: list[str],
    meant: list[str],
) -> None:
    """llama2.c's main(): atoi and atof, then its checks of the values."""

    def story(settings: list[str]) -> list[int]:
        return shipped.generate(tmp_path / "ids", model, "-z", tokenizer, *settings)[1]

    assert story(as_run_c) == story(meant)
    assert story(meant) != story(["-s", "7"])


def test_finds_the_tokenizer(shipped: Engine, tmp_path: Path, model: Path, tokenizer: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert shipped.run(model, "-n", "2", cwd=elsewhere).returncode == 0  # beside the model
    write(elsewhere / "tokenizer.bin", b"")
    assert_refused(shipped.run(model, cwd=elsewhere), b"'tokenizer.bin' is empty")  # cwd first
    assert shipped.run(model.name, "-n", "2", cwd=tmp_path).returncode == 0


def test_version_and_help(engine: Engine) -> None:
    assert engine.run("--version").stdout == b"duollama 0.1.0\n"
    assert engine.run("--help").stdout.startswith(b"usage: duollama MODEL [options]")


# --- bad input: one line, exit status 2, nothing else


def assert_refused(
    result: subprocess.CompletedProcess[bytes], words: bytes, status: int = 2
) -> None:
    assert re.fullmatch(rb"duollama: [^\n]*; [^\n]*\n", result.stderr), result.stderr
    assert words in result.stderr
    assert (result.returncode, result.stdout) == (status, b"")


BAD_COMMANDS: dict[str, tuple[list[str | bytes], bytes]] = {
    "temperature nan": (["-t", "nan"], b"-t is 'nan'"),
    "temperature infinite": (["-t", "inf"], b"-t is 'inf'"),
    "temperature overflows": (["-t", "1e39"], b"-t is '1e39'"),
    "temperature hex": (["-t", "0x1"], b"-t is '0x1'"),
    "temperature blank": (["-t", " 1"], b"-t is ' 1'"),
    "temperature empty": (["-t", ""], b"-t is ''"),
    "temperature junk": (["-t", "1.0x"], b"-t is '1.0x'"),
    "top-p nan": (["-p", "nan"], b"-p is 'nan'"),
    "steps sign": (["-n", "-"], b"-n is ''"),
    "steps word": (["-n", "ten"], b"-n is 'ten'"),
    "steps fraction": (["-n", "1.5"], b"-n is '1.5'"),
    "steps too many": (["-n", "4294967296"], b"-n is '4294967296'"),
    "seed junk": (["-s", "12a"], b"-s is '12a'"),
    "seed sign": (["-s", "-"], b"-s is '-'"),
    "long seed negative": (["--seed", "-1"], b"--seed is '-1'"),
    "long seed too large": (["--seed", "18446744073709551616"], b"whole number"),
    "option unknown": (["-q", "1"], b"no option '-q'"),
    "option long unknown": (["--temperature", "1"], b"no option '--temperature'"),
    "option alone": (["-"], b"no option '-'"),
    "value missing": (["-t"], b"-t needs a value"),
    "prompt missing": (["-i"], b"-i needs a value"),
    "two models": (["other.bin"], b"second model"),
    "chat": (["-m", "chat"], b"-m is 'chat'"),
    "kernels unknown": (["--kernels", "mmx"], b"no kernels 'mmx'"),
    "prefill too many": (["--prefill", "17"], b"--prefill is '17'"),
    "drafts junk": (["--drafts", "few"], b"--drafts is 'few'"),
    "mode unknown": (["--mode", "slow"], b"no mode 'slow'"),
    "newline in an option": (["-q\nduollama: x"], b"no option '-q?duollama: x'"),
    "prompt cut off": (["-i", b"\xf0\x9f\x99"], b"not UTF-8"),
    "prompt overlong": (["-i", b"\xc0\xaf"], b"not UTF-8"),
    "prompt surrogate": (["-i", b"\xed\xa0\x80"], b"not UTF-8"),
    "prompt beyond Unicode": (["-i", b"\xf4\x90\x80\x80"], b"not UTF-8"),
    "prompt latin-1": (["-i", b"caf\xe9"], b"not UTF-8"),
    "prompt longer than the context": (["-i", "a" * 63], b"65 tokens"),
    "ids in no directory": (["--ids", "/no/such/ids"], b"cannot write the ids"),
    "ids a directory": (["--ids", "/tmp"], b"cannot write the ids"),
    "tokenizer missing": (["-z", "/no/such/tokenizer"], b"No such file"),
    "tokenizer a directory": (["-z", "/tmp"], b"is a directory"),
    "tokenizer a device": (["-z", "/dev/zero"], b"not a regular file"),
}


@pytest.mark.parametrize("name", BAD_COMMANDS)
def test_refuses_command(engine: Engine, model: Path, tokenizer: Path, name: str) -> None:
    arguments, words = BAD_COMMANDS[name]
    assert_refused(engine.run(model, *arguments, cwd=tokenizer.parent), words)


def test_refuses_no_model(engine: Engine) -> None:
    assert_refused(engine.run(), b"no model")
    assert_refused(engine.run("serve"), b"no model")
    assert_refused(engine.run("serve", "model", "-t", "1"), b"no option '-t'")


def header_0(**changes: int) -> bytes:
    return struct.pack("<7i", *astuple(replace(Shape(), **changes)))


def header_2(*, group: int = 16, version: int = 2, **changes: int) -> bytes:
    return struct.pack("<Ii", MAGIC, version) + header_0(**changes) + struct.pack("<Bi", 1, group)


BIG, LEAST = 2**31 - 1, -(2**31)
WHOLE = Checkpoint.of_zeros(Shape()).version_0()
WHOLE_2 = Checkpoint.of_noise(Shape(), seed=1).version_2(16)[0]
MODELS: dict[str, tuple[bytes, bytes]] = {
    "empty": (b"", b"is empty"),
    "one byte": (b"\0", b"cut short"),
    "text": (b"Once upon a time there was a file of text.\n", b"a text file"),
    "short text": (b"hello", b"a text file"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(100), b"a program (ELF)"),
    "gguf": (b"GGUF\x03\0\0\0" + bytes(100), b"a GGUF model"),
    "pytorch": (b"PK\x03\x04" + bytes(100), b"PyTorch"),
    "lfs pointer": (b"version https://git-lfs.github.com/spec/v1\n", b"Git LFS"),
    "zeros": (bytes(1000), b"its dim is 0"),
    "header alone": (header_0(), b"cut short"),
    "header cut": (header_0()[:20], b"cut short"),
    "last byte missing": (WHOLE[:-1], b"cut short"),
    "a byte too many": (WHOLE + b"\0", b"is damaged"),
    "version 1": (header_2(version=1) + bytes(300), b"version 1"),
    "version 3": (header_2(version=3) + bytes(300), b"version 3"),
    "int8 header cut": (header_2(), b"cut short"),
    "int8 cut": (WHOLE_2[:-1], b"cut short"),
    "int8 too long": (WHOLE_2 + b"\0", b"is damaged"),
    "int8 negative vocabulary": (header_2(vocab=-300).ljust(256, b"\0"), b"vocabulary is -300"),
    "group 0": (header_2(group=0).ljust(256, b"\0"), b"group size 0"),
    "group negative": (header_2(group=LEAST).ljust(256, b"\0"), b"group size -2147483648"),
    "group no divisor": (header_2(group=7).ljust(256, b"\0"), b"group size 7"),
    "all huge": (header_0(**dict.fromkeys(("dim", "hidden", "layers"), BIG)), b"its dim is"),
    "largest allowed": (
        header_0(
            dim=65536,
            hidden=1 << 18,
            layers=1024,
            heads=1,
            kv_heads=1,
            vocab=1 << 24,
            context=1 << 20,
        ),
        b"cut short",
    ),
    "int8 largest allowed": (
        header_2(
            dim=65536,
            hidden=1 << 18,
            layers=1024,
            heads=1,
            kv_heads=1,
            vocab=1 << 24,
            context=1 << 20,
            group=1,
        ).ljust(256, b"\0"),
        b"cut short",
    ),
    "heads not dividing dim": (header_0(heads=3, kv_heads=3), b"multiple of its heads"),
    "odd head": (header_0(dim=12), b"head size is odd"),
    "key heads not dividing heads": (header_0(kv_heads=3), b"multiple of its key heads"),
    "more key heads than heads": (header_0(kv_heads=8), b"key heads is 8"),
    "one token": (header_0(vocab=1), b"no token for the start"),
    **{
        f"{name} {value}": (header_0(**{name: value}) + bytes(99), f" is {value},".encode())
        for name in ("dim", "hidden", "layers", "heads", "kv_heads", "context")
        for value in (0, -1, BIG, LEAST)
    },
    **{
        f"vocabulary {value}": (header_0(vocab=value) + bytes(99), b"vocabulary is ")
        for value in (0, BIG, -BIG, LEAST)
    },
}


@pytest.mark.parametrize("name", MODELS)
def test_refuses_model(engine: Engine, tmp_path: Path, tokenizer: Path, name: str) -> None:
    data, words = MODELS[name]
    result = engine.run(write(tmp_path / "model", data), "-z", tokenizer)
    assert_refused(result, words)


def test_refuses_what_is_no_file(engine: Engine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert_refused(engine.run(tmp_path / "missing"), b"No such file")
    assert_refused(engine.run(tmp_path), b"is a directory")
    assert_refused(engine.run(tmp_path / "pipe"), b"not a regular file")
    assert_refused(engine.run("/dev/zero"), b"not a regular file")
    assert_refused(engine.run("x" * 5000), b"File name too long")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_refuses_without_permission(engine: Engine, model: Path) -> None:
    model.chmod(0)
    assert_refused(engine.run(model), b"Permission denied")


def record(length: int, text: bytes = b"") -> bytes:
    return struct.pack("<fi", 0.0, length) + text


TOKENIZERS: dict[str, tuple[bytes, bytes]] = {
    "empty": (b"", b"is empty"),
    "cut in the header": (b"\1\0", b"cut short"),
    "text": (b"Once upon a time", b"is none"),
    "longest 0": (struct.pack("<i", 0) + record(1, b"a") * 300, b"would have 0 bytes"),
    "longest negative": (struct.pack("<i", -1) + record(1, b"a") * 300, b"would have -1 bytes"),
    "length negative": (struct.pack("<i", 5) + record(-1) + bytes(99), b"piece 0 has -1 bytes"),
    "length huge": (struct.pack("<i", 5) + record(BIG) + bytes(99), b"piece 0 has 2147483647"),
    "length least": (struct.pack("<i", 5) + record(LEAST) + bytes(99), b"has -2147483648"),
    "cut between pieces": (struct.pack("<i", 5) + record(1, b"a") * 299, b"after 299 of"),
    "cut in a piece": (struct.pack("<i", 9) + record(1, b"a") * 9 + record(9, b"b"), b"piece 9"),
    "no space": (tokenizer_file([*SPECIAL_PIECES, *BYTE_PIECES], 300), b"no piece for a space"),
}


@pytest.mark.parametrize("name", TOKENIZERS)
def test_refuses_tokenizer(engine: Engine, tmp_path: Path, model: Path, name: str) -> None:
    data, words = TOKENIZERS[name]
    tokenizer = write(tmp_path / "t", data)
    assert_refused(engine.run(model, "-z", tokenizer, "-i", "a"), words)


def test_refuses_bytes_beyond_the_vocabulary(engine: Engine, tmp_path: Path) -> None:
    model = write(tmp_path / "m", Checkpoint.of_zeros(Shape(vocab=100)).version_0())
    tokenizer = write(tmp_path / "t", tokenizer_file([*SPECIAL_PIECES, (b" ", 0.0)], 100))
    assert_refused(engine.run(model, "-z", tokenizer, "-i", "z"), b"no piece for the byte 0x7A")


def test_takes_pieces_as_c_strings(engine: Engine, tmp_path: Path, model: Path) -> None:
    pieces = pieces_of(b"a", b"a\0b", b"a", b"", b"\0")
    tokenizer = write(tmp_path / "t", tokenizer_file(pieces, Shape().vocab) + b"trailing")
    assert engine.run(model, "-z", tokenizer, "-i", "aa").returncode == 0


def test_weights_that_are_not_numbers(engine: Engine, tmp_path: Path, tokenizer: Path) -> None:
    checkpoint = Checkpoint.of_noise(Shape(), seed=1)
    for value in (float("nan"), float("inf"), -3e38):
        checkpoint.weights["embedding"] = array("f", [value]) * (Shape().vocab * Shape().dim)
        model = write(tmp_path / "m", checkpoint.version_0())
        for topp in ("0.9", "1"):
            assert engine.run(model, "-z", tokenizer, "-p", topp).returncode == 0


# --- failures of the machine: one line, exit status 1


def test_full_disk(engine: Engine, model: Path, tokenizer: Path) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [engine.path, model, "-z", tokenizer],
            stdout=full,
            stderr=subprocess.PIPE,
            env=engine.environment(),
            check=False,
        )
    assert result.returncode == 1
    assert re.fullmatch(rb"duollama: cannot write the story: No space left[^\n]*\n", result.stderr)


def test_full_disk_for_ids(engine: Engine, model: Path, tokenizer: Path) -> None:
    result = engine.run(model, "-z", tokenizer, "--ids", "/dev/full")
    assert result.returncode == 1
    assert b"duollama: cannot write the ids to '/dev/full': No space left" in result.stderr


def test_closed_pipe(engine: Engine, model: Path, tokenizer: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [engine.path, model, "-z", tokenizer],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=engine.environment(),
        check=False,
    )
    os.close(writing)
    assert result.returncode == 1
    assert re.fullmatch(rb"duollama: cannot write the story: Broken pipe[^\n]*\n", result.stderr)


def test_closed_stdout_is_not_the_next_file(
    shipped: Engine, tmp_path: Path, model: Path, tokenizer: Path
) -> None:
    ids = tmp_path / "ids"
    result = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" >&-', shipped.path, model, "-z", tokenizer, "--ids", ids],
        stderr=subprocess.PIPE,
        check=False,
    )
    assert result.returncode == 1
    assert ids.read_bytes().startswith(b"prompt: 1\nout: ")


def test_short_memory(shipped: Engine, tmp_path: Path, tokenizer: Path) -> None:
    shape = Shape(layers=64, context=1 << 20)
    model = write(tmp_path / "m", Checkpoint.of_noise(shape, seed=1).version_2(16)[0])
    result = subprocess.run(
        [shipped.path, model, "-z", tokenizer, "-n", "0"],
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28)),
    )
    assert_refused(result, b"not enough memory for 1048576 tokens", status=1)
    assert shipped.run(model, "-z", tokenizer, "-n", "5").returncode == 0
