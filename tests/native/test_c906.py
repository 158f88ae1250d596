"""Model of the C906's speed: its arithmetic, and its agreement with the published figures."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from support.emulators import BOARD_FOLDER, find_tools

sys.path.insert(0, str(BOARD_FOLDER))

import c906
import count
import seeds
from costs import COSTS, cycles_of
from count import Kind

WEIGHT_COUNT = 15_187_968

# A repeat of each loop: 8 cycles a weight, 64 a group, 2 million for the rest, 1 a weight. At
# 1000 MHz the winner's 474,624 groups and the rest take 32.375936 ms, its 17,086,464 bytes less.
LOOPS: dict[str, count.Counts] = {
    "scalar": {Kind("int"): 8 * 96 * 288},
    "winner": {Kind("vwmul", 8, 16): 8 * 864},
    "rest": {Kind("load"): 2e6},
    "columns": {Kind("int"): 96 * 288},
}
WINNER_MS = 32.375936

# 2000 + 50 x 8 + 10 x 9 = 2490 cycles.
TOKEN = {Kind("int"): 2000.0, Kind("vwmul", 8, 16): 50.0, Kind("div"): 10.0}


@pytest.fixture
def tools() -> Path:
    folder = find_tools()
    if isinstance(folder, str):
        pytest.skip(folder)
    return folder


@pytest.mark.parametrize(
    ("kind", "cycles"),
    [
        (Kind("int"), 1),
        (Kind("fma", 32), 4),
        (Kind("fma", 64), 5),
        (Kind("vint", 8, 1), 4),  # an eighth of a register costs as much as one
        (Kind("vint", 8, 16), 4),
        (Kind("vint", 32, 64), 16),
        (Kind("vwmul", 8, 16), 8),
        (Kind("vload", 8, 16), 4),
        (Kind("vload-strided", 8, 16), 32),
        (Kind("vmul", 16, 8), 4),
        (Kind("vmul", 32, 8), 5),
        (Kind("vfdiv", 32, 64), 288),
        (Kind("vmove", 32, 64), 5),
    ],
    ids=str,
)
def test_costs_by_class_width_and_group(kind: Kind, cycles: float) -> None:
    assert cycles_of(kind) == cycles


@pytest.mark.parametrize(
    "kind", [Kind("none"), Kind("vwmul", 8, 64), Kind("vint", 8), Kind("vfdiv", 64, 8)], ids=str
)
def test_invents_no_cost(kind: Kind) -> None:
    with pytest.raises(KeyError, match=re.escape(str(kind))):
        cycles_of(kind)


def test_every_class_that_is_counted_has_a_cost() -> None:
    classes = re.findall(r'X\([A-Z_]+, "([a-z-]+)"\)', (BOARD_FOLDER / "count.c").read_text())
    assert len(classes) > 40
    assert {name for name, _ in COSTS} == set(classes)


def test_time_of_a_token() -> None:
    board = c906.Board(clock=1e6, bandwidth=2e6)
    time = c906.time_of(TOKEN, 4000, board)
    assert time == c906.Time(compute=2490e-6, memory=2000e-6)
    assert time.added == pytest.approx(4490e-6)
    assert time.overlapped == 2490e-6
    assert c906.time_of(TOKEN, 6000, board).overlapped == 3000e-6


def test_what_the_loops_come_to() -> None:
    winner, scalar, card, square, *_, classifier = c906.check_published(LOOPS, c906.Board())
    memory_ms = WEIGHT_COUNT * 9 / 8 / 930e6 * 1e3
    assert winner.overlapped == pytest.approx(1e3 / WINNER_MS)
    assert winner.added == pytest.approx(1e3 / (WINNER_MS + memory_ms))
    assert scalar.overlapped == pytest.approx(8)
    assert scalar.added == pytest.approx(8 + 4e3 / 930)
    assert card.overlapped == card.added == pytest.approx(21.9e6 / (4 * WEIGHT_COUNT))
    assert square.added == pytest.approx(288 * 288 * (1e-6 + 4e3 / 930e6))
    # An output of 128 kB goes through memory, both ways, for every four columns.
    assert classifier.overlapped == pytest.approx(32000 * 288 * 6 / 930e6 * 1e3)
    assert [check.off for check in (winner, scalar, card)] == [True, False, False]


def test_fifteen_percent_is_off() -> None:
    assert not c906.Check("", 100, added=0, overlapped=114.9).off
    assert c906.Check("", 100, added=100, overlapped=115.1).off
    assert c906.Check("", 100, added=100, overlapped=84.9).off
    assert not c906.Check("", 100, added=0, overlapped=0, judged=False).off


def statistics_output(tokens: int, size: int) -> str:
    return f"tokens decoded: {tokens}\nweight bytes per token: {size} (layers 1, classifier 2)\n"


def test_bytes_are_those_of_the_tokens_between() -> None:
    assert c906.weight_bytes(statistics_output(10, 200), statistics_output(20, 150)) == 100
    assert c906.weight_bytes("", "weight bytes per token: 150.5") == 150.5
    assert c906.weight_bytes(statistics_output(10, 200), statistics_output(10, 200)) == 200
    assert c906.weight_bytes("", "achieved tok/s: 1") is None


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, count.Counts]:
    """Replace the emulators by counts of the loops that give the published figures."""
    loops: dict[str, count.Counts] = {**LOOPS, "winner": {Kind("vwmul", 8, 16): 10 * 864}}
    monkeypatch.setattr(count, "prepare", Path)
    monkeypatch.setattr(c906, "count_loops", lambda _: loops)
    return loops


@pytest.mark.usefixtures("counted")
def test_counts_are_saved_and_printed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token.json"
    token = c906.Token("duollama model --mode fast", TOKEN, 1860)
    c906.save(token, file)
    assert c906.load(file) == token

    assert c906.main(["--clock", "1000", "--bandwidth", "930", "--counts", str(file)]) == 0
    out = capsys.readouterr().out
    assert "| vwmul e8 m2 | 50 | 8 | 400 | 16.1% |" in out
    assert "| all | 2,060 | | 2,490 | |" in out
    # 2.49 us of instructions, 2 us of memory.
    assert out.endswith("tok/s: added 222717.1, overlapped 401606.4\n")


def test_says_nothing_of_the_engine_when_it_is_off(
    counted: dict[str, count.Counts], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token.json"
    c906.save(c906.Token("duollama model", TOKEN, 1860), file)
    counted["scalar"] = {Kind("int"): 9.3 * 96 * 288}
    assert c906.main(["--counts", str(file)]) == 1
    out, error = capsys.readouterr()
    assert error == "c906: off by more than 15%: llama2.c's fp32 loop, cycles a weight\n"
    assert "duollama model" not in out


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x", "counts": []}', '{"counts": 1}'])
def test_a_bad_file_gets_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "token.json"
    file.write_text(text)
    with pytest.raises(SystemExit) as error:
        c906.main(["--counts", str(file)])
    assert error.value.code == 2
    assert re.fullmatch(r"c906: .* holds no counts of a token \(.*\n", capsys.readouterr().err)


@pytest.mark.timeout(3600)
def test_gives_what_is_published(tools: Path) -> None:
    result = subprocess.run(
        [sys.executable, BOARD_FOLDER / "c906.py"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    judged = [line for line in result.stdout.splitlines() if line.endswith("| yes |")]
    assert len(judged) == 3
    for line in judged:
        assert abs(float(line.split("|")[6].strip().removesuffix("%"))) <= 15, line


def test_seeds_have_a_mean_of_rates_and_a_spread() -> None:
    """The mean is that of the stories' rates, as a judge who times each story would have it."""
    times = (c906.Time(0.02, 0.03), c906.Time(0.01, 0.015))
    rows = [seeds.row_of(str(i), time) for i, time in enumerate(times)]
    assert str(seeds.summary("mean", rows, statistics.fmean)) == (
        "| mean | 15.0 ms | 22.5 ms | 30.0 | 50.0 |"
    )
    assert seeds.summary("least", rows, min).added == pytest.approx(20)
    assert seeds.seeds_of("3,1") == [3, 1]
