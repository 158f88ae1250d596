"""Favourites: a saved story comes back word for word, and nothing else is lost."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.story.favourites import FAVOURITES_LIMIT, Favourites, FavouriteStory, read, write

WHEN = datetime(2026, 11, 26, 19, 2, 41)
FAVOURITE = FavouriteStory(
    title="The dog",
    choice={"who": "dog", "where": "forest", "what": "key", "name": ""},
    sentences=("Once upon a time, there was a dog.", '"Hello!" he said. 你好。'),
    seed=2**64 - 1,
    mode="exact",
    model_hash="9f86d081",
    when=WHEN,
)


def story(number: int) -> FavouriteStory:
    when = WHEN + timedelta(minutes=number)
    return replace(FAVOURITE, title=f"{number}", sentences=(f"Dog {number}.",), when=when)


@pytest.fixture
def favourites(tmp_path: Path) -> Favourites:
    return Favourites(tmp_path / "data" / "favourites.jsonl")


def titles(favourites: Favourites) -> list[str]:
    return [favourite.title for favourite in favourites.all()]


def test_what_is_kept_comes_back_word_for_word(favourites: Favourites) -> None:
    assert favourites.all() == ()
    favourites.add(FAVOURITE)
    assert Favourites(favourites.path).all() == (FAVOURITE,)
    assert FAVOURITE in Favourites(favourites.path)
    assert len(favourites.path.read_text("utf-8").splitlines()) == 1


def test_the_newest_is_first(favourites: Favourites) -> None:
    for number in range(3):
        favourites.add(story(number))
    assert titles(favourites) == ["2", "1", "0"]


def test_the_same_text_is_kept_once(favourites: Favourites) -> None:
    favourites.add(FAVOURITE)
    favourites.add(story(1))
    favourites.add(replace(FAVOURITE, title="Another", seed=4, when=WHEN + timedelta(days=1)))
    assert titles(favourites) == ["1", "The dog"]


def test_the_hundredth_takes_the_place_of_the_oldest(favourites: Favourites) -> None:
    for number in range(FAVOURITES_LIMIT + 1):
        favourites.add(story(number))
    assert titles(favourites) == [f"{number}" for number in range(FAVOURITES_LIMIT, 0, -1)]
    assert len(favourites.path.read_text().splitlines()) == FAVOURITES_LIMIT == 99


def test_one_is_removed(favourites: Favourites) -> None:
    for number in range(3):
        favourites.add(story(number))
    favourites.remove(story(1))
    assert titles(Favourites(favourites.path)) == ["2", "0"]
    before = favourites.path.stat().st_mtime_ns
    favourites.remove(story(7))
    assert favourites.path.stat().st_mtime_ns == before


def test_two_programs_share_favourites(favourites: Favourites) -> None:
    other = Favourites(favourites.path)
    favourites.add(story(1))
    other.add(story(2))
    favourites.remove(story(1))
    assert titles(favourites) == titles(other) == ["2"]


# Damaged files


def line(**changes: object) -> bytes:
    value = {**json.loads(write(FAVOURITE)), **changes}
    return json.dumps({k: v for k, v in value.items() if v is not ...}).encode()


BAD = [
    b"no JSON",
    b"\xff\xfe",
    b"null",
    b"3",
    b"[]",
    b"{}",
    b"[" * 100_000,
    write(FAVOURITE)[:-9],
    line(title=3),
    line(title=...),
    line(more="of a later version"),
    line(seed="1"),
    line(seed=True),
    line(seed=1.5),
    line(sentences=[]),
    line(sentences="Once."),
    line(sentences=[3]),
    line(sentences=["\ud800"]),
    line(choice=[]),
    line(choice={"who": 3}),
    line(when="yesterday"),
    line(when=3),
    line().replace(b"18446744073709551615", b"9" * 5000),
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_a_line_that_cannot_be_read_is_passed_over_and_kept(
    favourites: Favourites, bad: bytes
) -> None:
    assert read(bad) is None
    favourites.add(story(1))
    favourites.path.write_bytes(b"\n" + bad + b"\n" + favourites.path.read_bytes().rstrip())
    assert titles(favourites) == ["1"]
    favourites.add(story(2))
    favourites.remove(story(1))
    assert titles(favourites) == ["2"]
    assert favourites.path.read_bytes() == bad + b"\n" + write(story(2)) + b"\n"
    assert favourites.trouble == ""


def test_lines_that_cannot_be_read_take_no_place(favourites: Favourites) -> None:
    favourites.path.parent.mkdir()
    favourites.path.write_bytes(b"?\n" * 200)
    for number in range(FAVOURITES_LIMIT + 1):
        favourites.add(story(number))
    assert len(favourites.all()) == FAVOURITES_LIMIT
    assert favourites.path.read_bytes().startswith(b"?\n" * 200)


@given(st.binary())
def test_any_line_is_harmless(data: bytes) -> None:
    read(data)


text = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.builds(
        FavouriteStory,
        text,
        st.dictionaries(text, text),
        st.lists(text, min_size=1).map(tuple),
        st.integers(0, 2**64 - 1),
        text,
        text,
        st.datetimes(),
    )
)
def test_any_story_is_one_line_and_comes_back(story: FavouriteStory) -> None:
    assert b"\n" not in write(story)
    assert read(write(story)) == story


# Disks that cannot be written


def test_favourites_that_cannot_be_written_are_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    favourites = Favourites(tmp_path / "data" / "favourites.jsonl")
    favourites.add(story(1))
    favourites.add(story(2))
    favourites.remove(story(1))
    assert "favourites cannot be" in favourites.trouble
    assert titles(favourites) == ["2"]


def test_it_is_written_when_that_can_be_done_again(favourites: Favourites) -> None:
    favourites.path.parent.write_text("")
    favourites.add(story(1))
    favourites.path.parent.unlink()
    favourites.add(story(2))
    assert favourites.trouble == ""
    assert titles(Favourites(favourites.path)) == ["2", "1"]


def test_a_file_that_cannot_be_read_is_not_written_over(favourites: Favourites) -> None:
    favourites.path.mkdir(parents=True)  # reading it is an error for everyone, root too
    favourites.add(story(1))
    favourites.path.rmdir()
    favourites.add(story(2))
    assert titles(favourites) == ["2", "1"]
    assert "cannot be read" in favourites.trouble
    assert not favourites.path.exists()


def test_nothing_is_left_beside_it(favourites: Favourites) -> None:
    favourites.add(story(1))
    assert [path.name for path in favourites.path.parent.iterdir()] == ["favourites.jsonl"]
