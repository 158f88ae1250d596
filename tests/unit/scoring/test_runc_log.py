"""Output of run.c, run after run, as the contest recorded it."""

import hashlib
from pathlib import Path

import pytest

from duotui.base.errors import UsageError
from duotui.scoring.mean_rate import score
from duotui.scoring.runc_log import parse_log, read_log
from support.engine import SHARED as SHARED_FOLDER

RUNC_STORY = "Once upon a time, a cat sat.\nIt was \n happy. "
PROMPT = "Once upon a time"
SHARED = SHARED_FOLDER / "golden/stories15M-board"
# sha256 of the story that run.c generates on a Duo, without its last newline
PUBLISHED = "fp32.txt"


def recorded(*rates: str, before: str = "") -> str:
    """Combined output: run.c's stderr comes before the last newline of its stdout, both in one
    file."""
    return "".join(f"{before}{RUNC_STORY}achieved tok/s: {rate}\n\n" for rate in rates)


def test_stories_and_speeds_are_told_apart() -> None:
    runs = parse_log(recorded("0.358099", "0.358419", "24.270833"), PROMPT)
    assert [run.rate for run in runs] == [0.358099, 0.358419, 24.270833]
    assert {run.story for run in runs} == {RUNC_STORY}


def test_what_a_program_says_before_its_story_is_no_story() -> None:
    before = "BabyLlama on Milk-V Duo V1.0\ngroup_size=32\n*data=0x3fe18f9000\n"
    assert parse_log(recorded("24.1", before=before), PROMPT)[0].story == RUNC_STORY


def test_our_own_program_prints_the_speed_behind_the_newline() -> None:
    runs = parse_log(
        f"{RUNC_STORY}\nachieved tok/s: 9.5\n{RUNC_STORY}\nachieved tok/s: 9.6\n", PROMPT
    )
    assert [(run.story, run.rate) for run in runs] == [(RUNC_STORY, 9.5), (RUNC_STORY, 9.6)]


def test_without_a_prompt_the_story_is_all_of_it() -> None:
    assert parse_log("\n\n a cat\nachieved tok/s: 1\n", "")[0].story == " a cat"


def test_a_story_that_was_cut_off_is_no_run() -> None:
    assert len(parse_log(recorded("1.0") + "Once upon a time, a", PROMPT)) == 1


COMMAND = f'./run stories15M.bin -t 1.0 -p 0.9 -s 123 -i "{PROMPT}"'
SERIAL = "".join(f"[root@milkv-duo]~# {COMMAND}\n{line}" for line in (recorded("0.361"),) * 3)
COLOURED = f"\x1b[1;32mroot@duo\x1b[0m:~# {COMMAND}\x1b[K\r\n\x1b[?2004l\r{recorded('0.361')}" * 3
STAMPED = "".join(
    f"[2026-11-28 10:11:{number:02}] {line}\n" for number, line in enumerate(SERIAL.splitlines())
)


@pytest.mark.parametrize(
    "data",
    [
        SERIAL.encode(),
        SERIAL.replace("\n", "\r\n").encode(),
        SERIAL.replace("\n", "\r\r\n").encode(),
        b"\xef\xbb\xbf" + SERIAL.encode(),
        SERIAL.encode("utf-16"),
        SERIAL.encode("utf-16-le"),
        b"\xfe\xff" + SERIAL.encode("utf-16-be"),
        SERIAL.encode("utf-16-be"),
        SERIAL.replace("0.361", "0,361").encode(),
        SERIAL.replace("0.361", "0.361000 ").encode(),
        SERIAL.replace("0.361", "3.61e-01").encode(),
        SERIAL.replace("achieved", "Achieved").encode(),
        COLOURED.encode(),
        STAMPED.encode(),
        ("\0" + SERIAL).encode(),
        SERIAL.replace('"', "'").encode(),
        SERIAL.replace(' -i "', ' --prompt="').encode(),
        ("picocom v3.1\nport is: /dev/ttyUSB0\n\n" + SERIAL).encode(),
    ],
)
def test_logs_in_the_forms_that_people_have(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(data)
    runs = read_log(tmp_path / "log.txt", PROMPT)
    assert {run.story.rstrip("\n ") for run in runs} == {RUNC_STORY.rstrip()}
    assert [run.rate for run in runs] == [0.361] * 3


def test_a_story_that_has_its_prompt_twice_is_whole() -> None:
    story = f"{PROMPT}, a cat said: {PROMPT} I ran."
    text = f"# {COMMAND}\n{story}\nachieved tok/s: 1.0\n"
    assert parse_log(text, PROMPT)[0].story == story


@pytest.mark.parametrize("rate", ["inf", "-nan", "nan", "Infinity", "0", "0.000000"])
def test_a_rate_that_is_no_number_is_doubted(rate: str) -> None:
    run = parse_log(recorded(rate), PROMPT)[0]
    assert (run.story, run.rate) == (RUNC_STORY, 0.0)
    assert run.doubt == f"run.c printed {rate}, because its clock measured no time"


def test_a_file_without_speeds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(RUNC_STORY)
    with pytest.raises(UsageError, match="no line 'achieved tok/s:'"):
        read_log(tmp_path / "a.txt", PROMPT)
    with pytest.raises(UsageError, match="No such file"):
        read_log(tmp_path / "none.txt", PROMPT)


def test_the_published_story_of_a_duo_is_read_whole(tmp_path: Path) -> None:
    """The story is the real one; the contest's figures are not in this repository."""
    if not SHARED.exists():
        pytest.skip("../shared is not here")
    story = (SHARED / PUBLISHED).read_text().rstrip("\n")
    lines = "".join(f"{story}achieved tok/s: 0.36{index:02d}\n\n" for index in range(30))
    (tmp_path / "base.out.txt").write_text(lines)
    runs = read_log(tmp_path / "base.out.txt", PROMPT)
    assert {hashlib.sha256(run.story.encode()).hexdigest() for run in runs} == {
        hashlib.sha256(story.encode()).hexdigest()
    }
    assert score([run.rate for run in runs]).plain == pytest.approx(0.36145)
