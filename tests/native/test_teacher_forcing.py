"""`duollama --follow`: the reference's choice at each step of a given story."""

import math
import random
from pathlib import Path

import pytest

from duotui.base import resources
from support.engine import SHARED, Engine

MODEL = ("-z", resources.TOKENIZER)
SETTINGS = ("-t", "0.8", "-p", "0.9", "-s", "7")


@pytest.fixture
def story(shipped: Engine, tmp_path: Path) -> Path:
    ids = tmp_path / "ids"
    prompt = ("-i", "Lily saw a cat", "-n", "120")
    shipped.generate(ids, resources.CHECKPOINT, *MODEL, *SETTINGS, *prompt)
    return ids


def followed(engine: Engine, ids: Path, *options: str) -> list[list[str]]:
    result = engine.run(resources.CHECKPOINT, *MODEL, "--follow", ids, *options)
    assert result.returncode == 0, result.stderr.decode()
    return [line.split() for line in result.stdout.decode().splitlines()]


@pytest.mark.parametrize("settings", [SETTINGS, ("-t", "0"), ("-t", "1.3", "-p", "1", "-s", "9")])
def test_its_own_story_is_what_it_would_have_taken(
    engine: Engine, shipped: Engine, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    _, out, _ = shipped.generate(
        tmp_path / "ids", resources.CHECKPOINT, *MODEL, *settings, "-n", "90", "-i", "Once"
    )
    steps = followed(engine, tmp_path / "ids", *settings)
    assert [int(id_) for id_, *_ in steps] == out
    assert all(id_ == predicted for id_, predicted, *_ in steps)


def test_the_likeliest_come_first_and_are_probabilities(shipped: Engine, story: Path) -> None:
    for id_, _, nats, *likely in followed(shipped, story, *SETTINGS, "--likely", "10"):
        candidates = [pair.split(":") for pair in likely]
        pairs = [(int(other), float(p)) for other, p, _, _ in candidates]
        assert any(
            bytes.fromhex(text).decode("utf-8", "replace").isprintable() for *_, text in candidates
        )
        assert len({other for other, _ in pairs}) == 10
        assert [p for _, p in pairs] == sorted((p for _, p in pairs), reverse=True)
        assert sum(p for _, p in pairs) <= 1 + 1e-5
        for other, p in pairs:
            if other == int(id_):
                assert p == pytest.approx(math.exp(-float(nats)), abs=2e-6)


@pytest.mark.parametrize(("mode", "near"), [("exact", 0.02), ("fast", 0.15)])
def test_a_mode_says_what_it_thinks_itself_beside(
    shipped: Engine, story: Path, mode: str, near: float
) -> None:
    plain = followed(shipped, story, *SETTINGS, "--likely", "5")
    beside = followed(shipped, story, *SETTINGS, "--likely", "5", "--mode", mode)
    assert len(plain) == len(beside)
    differences = []
    for one, other in zip(plain, beside, strict=True):
        assert one[:3] == other[:3]
        for alone, both in zip(one[3:], other[3:], strict=True):
            id_, p, none, text = alone.split(":")
            assert (none, both.split(":")[:2], both.split(":")[3]) == ("", [id_, p], text)
            differences.append(abs(float(both.split(":")[2]) - float(p)))
    assert 0 < max(differences) < near


def test_one_word_that_was_put_in_is_where_it_disagrees(shipped: Engine, story: Path) -> None:
    """Later steps condition on the given story, not on the reference's own choice."""
    prompt, out = (line.split()[1:] for line in story.read_text().splitlines())
    at = len(prompt) + 20
    out[at] = str(int(out[at]) % 2000 + 3)
    story.write_text(f"prompt: {' '.join(prompt)}\nout: {' '.join(out)}\n")
    steps = followed(shipped, story, *SETTINGS)
    differing = [index for index, (id_, predicted, *_) in enumerate(steps) if id_ != predicted]
    assert differing[0] == at
    assert len(differing) < len(steps) // 2


def test_nats_are_those_of_score(shipped: Engine, story: Path) -> None:
    out = story.read_text().splitlines()[1].removeprefix("out: ")
    line = story.with_name("line")
    line.write_text(out + "\n")
    result = shipped.run(resources.CHECKPOINT, *MODEL, "--score", line)
    scored = [float(step.split(":")[1]) for step in result.stdout.decode().split()]
    nats = [float(step[2]) for step in followed(shipped, story, "-t", "1", "-s", "1")]
    assert nats == pytest.approx(scored, abs=2e-5)


def test_the_stories_of_llama2c_are_followed_to_the_end(shipped: Engine) -> None:
    golden = SHARED / "golden/stories260K"
    if not golden.exists():
        pytest.skip("../shared is not here")
    model = SHARED / "models/stories260K.bin"
    tokenizer = SHARED / "models/tok512.bin"
    for name, settings in (
        ("t0", ("-t", "0")),
        ("t1p9s123", ("-t", "1", "-p", "0.9", "-s", "123")),
    ):
        for prompt in ("once", "lily", "empty"):
            ids = golden / f"{prompt}.{name}.ids"
            result = shipped.run(model, "-z", tokenizer, "--follow", ids, *settings)
            assert result.returncode == 0, result.stderr
            for line in result.stdout.decode().splitlines():
                id_, predicted, _ = line.split()
                assert id_ == predicted


@pytest.mark.parametrize(
    "content",
    [
        "",
        "x",
        "prompt:",
        "prompt: 1\nout:  5 x",
        "prompt: 1 99999\nout: 99999",
        "prompt: 1 5\nout: 6",
        "prompt: 1 5\nout:",
        "prompt: -1\nout: 5",
        "out: 5\nprompt: 1",
        "prompt: 1\nout: " + "5 " * 5000,
        "prompt: " + "1 " * 5000 + "\nout: 1",
    ],
)
def test_what_is_no_story_is_one_line(engine: Engine, tmp_path: Path, content: str) -> None:
    (tmp_path / "ids").write_text(content)
    result = engine.run(resources.CHECKPOINT, *MODEL, "--follow", tmp_path / "ids")
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (2, b"", 1)
    assert b"is no story of this model" in result.stderr


def test_bytes_of_any_kind_are_survived(engine: Engine, story: Path) -> None:
    whole, rng = bytearray(story.read_bytes()), random.Random(5)
    for _ in range(40):
        spoiled = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
        story.write_bytes(spoiled)
        assert engine.run(resources.CHECKPOINT, *MODEL, "--follow", story).returncode in (0, 2)
