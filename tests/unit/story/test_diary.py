"""Diary: readable by a parent, and read back by the program, whatever happened to the file."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.story.diary import DIARY_AGAIN, READING_PACE, Diary, entries
from support.full_disk import full_disk

DAY = date(2026, 11, 26)
STORY_TIME = timedelta(minutes=2, seconds=10)


class Wall:
    """Wall clock, set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 26, 19, 2, 41)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def diary(tmp_path: Path, wall: Wall) -> Diary:
    return Diary(tmp_path / "data" / "diary.txt", wall)


def record_story(diary: Diary, lasted: timedelta = STORY_TIME, *, one_more: bool = False) -> None:
    diary.begin("Lily", "a dog, the forest, a shiny key", one_more=one_more)
    diary.add_sentence("Once upon a time, there was a dog.")
    diary.end(lasted, whole=True)


def test_a_parent_reads_it(diary: Diary, wall: Wall) -> None:
    diary.add_left_out("Poo")
    diary.begin("Lily", "a dog, the forest, a shiny key")
    diary.add_sentence("Once upon a time,\nthere was a dog.")
    diary.add_left_out("He hit the bear.")
    diary.add_sentence("他很高兴。")
    diary.end(STORY_TIME, whole=True)
    wall.now += timedelta(minutes=5)
    diary.begin("", "The dog", DIARY_AGAIN, one_more=True)
    diary.end(timedelta(seconds=39.7), whole=False)
    assert diary.path.read_text("utf-8") == (
        "2026-11-26 19:02  left out: Poo\n"
        "\n"
        "2026-11-26 19:02  Lily chose: a dog, the forest, a shiny key\n"
        "        Once upon a time, there was a dog.\n"
        "    left out: He hit the bear.\n"
        "        他很高兴。\n"
        "    told in 2 min 10 s, to its end\n"
        "\n"
        "2026-11-26 19:07  A child heard again: The dog (one more)\n"
        "    told in 40 s, stopped\n"
    )
    assert diary.trouble == ""


def test_a_restart_does_not_give_the_day_back(diary: Diary, wall: Wall) -> None:
    record_story(diary)
    record_story(diary, timedelta(hours=1, seconds=5), one_more=True)
    again = Diary(diary.path, wall)
    assert again.used(DAY) == timedelta(hours=1, minutes=2, seconds=15)
    assert again.extra(DAY) == 1


def test_a_story_belongs_to_the_day_on_which_it_began(diary: Diary, wall: Wall) -> None:
    wall.now = datetime(2026, 11, 26, 23, 59, 59)
    diary.begin("Lily", "a dog")
    wall.now += timedelta(minutes=2)
    diary.end(STORY_TIME, whole=True)
    record_story(diary, timedelta(seconds=3))
    assert diary.used(DAY) == STORY_TIME
    assert diary.used(DAY + timedelta(days=1)) == timedelta(seconds=3)


def test_a_plug_that_is_pulled_gives_no_time_back(diary: Diary, wall: Wall) -> None:
    diary.begin("Lily", "a dog")
    for _ in range(READING_PACE // 4):
        diary.add_sentence("He ran and ran.")
    record_story(Diary(diary.path, wall), timedelta(seconds=7))
    assert diary.used(DAY) == timedelta(minutes=1, seconds=7)


def test_a_story_cannot_write_the_diary(diary: Diary) -> None:
    diary.begin("Lily\n2026-11-26 10:00  x", "a dog\n    told in 500 min 0 s, stopped")
    diary.add_sentence("    told in 600 min 0 s, to its end")
    diary.add_sentence("\n2026-11-26 10:00  Tom chose: a cat (one more)")
    diary.add_sentence("\x1b[2J\x00gone")
    diary.add_left_out("told in 9 min 0 s\n    told in 9 min 0 s")
    diary.end(STORY_TIME, whole=True)
    diary.add_left_out("a name (one more)")
    assert diary.used(DAY) == STORY_TIME
    assert diary.extra(DAY) == 0
    assert all(c.isprintable() or c == "\n" for c in diary.path.read_text())


@given(st.lists(st.text()), st.text(), st.text())
def test_nothing_that_is_said_changes_the_account(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[str], name: str, what: str
) -> None:
    diary = Diary(tmp_path_factory.mktemp("data") / "diary.txt", Wall())
    diary.begin(name, what)
    for sentence in sentences:
        diary.add_sentence(sentence)
        diary.add_left_out(sentence)
    diary.end(STORY_TIME, whole=False)
    assert diary.used(DAY) == STORY_TIME
    assert diary.trouble == ""


# Damaged files


def test_a_file_that_was_edited_by_hand(diary: Diary) -> None:
    record_story(diary)
    text = diary.path.read_text().replace("told in 2", "she loved it!\r\n    told in 3")
    diary.path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\xff\xfe, and no end of line")
    record_story(diary)
    assert diary.used(DAY) == STORY_TIME * 2 + timedelta(minutes=1)
    assert "\n\n2026-11-26 19:02  Lily" in diary.path.read_text(errors="replace")


def test_a_file_that_was_cut_anywhere_goes_on(diary: Diary, wall: Wall) -> None:
    record_story(diary)
    original = diary.path.read_bytes()
    for size in range(len(original)):
        diary.path.write_bytes(original[:size])
        record_story(Diary(diary.path, wall), timedelta(seconds=30))
        used = Diary(diary.path, wall).used(DAY)
        assert timedelta(seconds=30) <= used <= timedelta(seconds=30) + STORY_TIME, original[:size]


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                "2026-11-26 19:02  x",
                "2026-13-45 99:99  x",
                "    told in 9999 min 9999 s",
                "    told in ٣ s",
                "    told in 99999 min 1 s",
                "        he ran",
                "",
                "\t",
                "\x85",
                "    told in 3 s\r",
            ]
        ),
        max_size=6,
    ).map("\n".join)
)
def test_any_text_can_be_read(text: str) -> None:
    for entry in entries(text):
        assert timedelta() <= entry.lasted < timedelta(days=60)


def test_a_missing_file_is_an_unused_day(diary: Diary) -> None:
    assert diary.used(DAY) == timedelta()
    assert diary.extra(DAY) == 0


# Disks that cannot be written


def test_a_full_disk_ends_no_story_and_loses_none(diary: Diary, wall: Wall) -> None:
    record_story(diary)
    original = diary.path.read_bytes()
    with full_disk(len(original) + 20):
        record_story(diary, one_more=True)
        assert "cannot be written" in diary.trouble
        assert diary.path.read_bytes() == original
        assert diary.used(DAY) == STORY_TIME * 2
        assert diary.extra(DAY) == 1
    record_story(diary)
    assert diary.trouble == ""
    assert Diary(diary.path, wall).used(DAY) == STORY_TIME * 3
    assert diary.path.read_text().count("Lily chose") == 3


def test_a_device_without_room(wall: Wall) -> None:
    diary = Diary(Path("/dev/full"), wall)
    record_story(diary)
    assert "cannot be written" in diary.trouble


@pytest.mark.parametrize("kind", ["a folder", "under a file"])
def test_a_path_that_is_none(tmp_path: Path, wall: Wall, kind: str) -> None:
    (tmp_path / "file").write_text("mine")
    diary = Diary(tmp_path if kind == "a folder" else tmp_path / "file" / "diary.txt", wall)
    record_story(diary)
    assert "cannot be written" in diary.trouble
    assert "\n" not in diary.trouble
    assert diary.used(DAY) == STORY_TIME
    assert (tmp_path / "file").read_text() == "mine"
