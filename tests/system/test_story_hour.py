"""The story hour with the real engine: what is told, kept, and written down, and what becomes of a
story when its teller is away."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from duotui.core.events import Mode
from duotui.core.state import Link, State
from duotui.engines.sim import Sim
from duotui.errors import LinkBroken
from duotui.link.transport import SerialTransport
from duotui.story import stored
from duotui.story.cards import deck
from duotui.story.hour import Hour
from duotui.story.household import Household, Sleep
from duotui.story.scene import Act, Rest, Scene
from duotui.story.tale import whole
from system.mortal import Mortal
from system.playroom import AFTERNOON, Hurried, hour, room


async def until(shown: Hour, wanted: Callable[[Scene], bool]) -> Scene:
    news = asyncio.Event()
    shown.listen(news.set)
    while not wanted(shown.scene):
        await asyncio.wait_for(news.wait(), 60)
        news.clear()
    return shown.scene


def at_end(scene: Scene) -> bool:
    return scene.act is Act.THE_END


def telling(scene: Scene) -> bool:
    return scene.act is Act.TELLING


async def test_three_cards_are_a_story_with_a_beginning_and_an_end(tmp_path: Path) -> None:
    made, _ = room(Sim(), tmp_path)
    shown = hour(made)
    shown.open()
    assert (shown.scene.act, shown.scene.row) == (Act.CARDS, 0)
    shown.pick(2)
    assert [offer.key for offer in shown.scene.picked] == [deck().who[1].key]
    shown.move(1)
    shown.go()
    shown.pick(1)
    scene = await until(shown, at_end)
    assert "Lily" in " ".join(scene.sentences)
    assert len(scene.sentences) > 4
    assert all(made.teller.fits(sentence) for sentence in scene.sentences)
    assert scene.sentences[-1].rstrip("\"'”’")[-1] in ".!?"
    assert made.reader.said == list(scene.sentences)  # type: ignore[attr-defined]
    written = (tmp_path / "diary.txt").read_text()
    assert written.startswith("2026-11-26 15:30  Lily chose: a cat")
    assert all(sentence in written for sentence in scene.sentences)
    assert "to its end" in written
    await shown.close()


async def test_again_and_favourites_are_the_same_words(tmp_path: Path) -> None:
    made, _ = room(Sim(), tmp_path)
    shown = hour(made)
    shown.open()
    shown.surprise()
    first = (await until(shown, at_end)).sentences
    shown.keep()
    assert shown.scene.kept
    shown.again()
    await until(shown, telling)
    assert (await until(shown, at_end)).sentences == first
    await shown.close()

    later, session = room(Sim(), tmp_path, seed=2)
    shown = hour(later)
    shown.open()
    shown.favourites()
    assert [offer.label for offer in shown.scene.offers] == [made.shelf.all()[0].title]
    shown.go()
    assert (await until(shown, at_end)).sentences == first
    assert session.state.board.run is None  # nobody was asked
    await shown.close()


async def test_what_happens_next_goes_on_from_there(tmp_path: Path) -> None:
    made, _ = room(Sim(), tmp_path)
    shown = hour(made)
    shown.open()
    shown.surprise()
    first = (await until(shown, at_end)).sentences
    shown.what_next()
    await until(shown, telling)
    longer = (await until(shown, at_end)).sentences
    assert longer[: len(first)] == first
    assert longer[len(first)].startswith("The next day,")
    assert made.reader.said == list(longer)  # type: ignore[attr-defined]
    await shown.close()


async def undisturbed(folder: Path, seed: int) -> tuple[str, ...]:
    made, _ = room(Sim(), folder, seed=seed, mode=Mode.REFERENCE)
    shown = hour(made)
    shown.open()
    shown.surprise()
    sentences = (await until(shown, at_end)).sentences
    await shown.close()
    return sentences


async def test_a_teller_that_is_away_naps_and_tells_the_rest_of_the_same_story(
    tmp_path: Path,
) -> None:
    board = Mortal()
    made, session = room(board, tmp_path, seed=5, mode=Mode.REFERENCE)
    shown = hour(made)
    killed = 0

    def kill(state: State, _batch: object) -> None:
        """In the middle of the story, once."""
        nonlocal killed
        if state.board.tokens and not killed and state.board.ended is None:
            killed = len(state.board.tokens)
            board.kill()

    session.listen(kill)
    shown.open()
    shown.surprise()
    napping = await until(shown, lambda scene: scene.napping and scene.current > 0)
    assert killed
    assert napping.sleepy
    stories = [story.sentences for story in stored.stories()]
    assert any(napping.sentences == story[: len(napping.sentences)] for story in stories)
    board.dead = False
    end = await until(shown, at_end)
    said = made.reader.said  # type: ignore[attr-defined]
    await shown.close()
    calm = await undisturbed(tmp_path / "calm", 5)
    assert end.sentences == calm
    assert not end.sleepy
    assert [sentence for sentence in said if sentence in calm] == list(calm)
    assert len(said) > len(calm)


class Nowhere(Sim):
    def open(self) -> tuple[SerialTransport, str]:
        raise LinkBroken("there is no board", "plug it in")


async def test_without_a_board_there_are_stories_all_the_same(tmp_path: Path) -> None:
    made, session = room(Nowhere(), tmp_path)
    shown = hour(made)
    shown.open()
    await until(shown, lambda scene: scene.sleepy)
    shown.surprise()
    scene = await until(shown, lambda scene: scene.napping and scene.current > 3)
    assert session.state.board.link in (Link.AWAY, Link.LOST)
    assert shown.troubles[0] == "there is no board"
    shown.back()
    assert (scene.act, shown.scene.act) == (Act.TELLING, Act.CARDS)
    await shown.close()


async def test_stop_is_silence_and_goes_on_with_the_same_sentence(tmp_path: Path) -> None:
    reader = Hurried(pace=600)
    made, _ = room(Sim(), tmp_path, reader=reader)
    shown = hour(made)
    shown.open()
    shown.surprise()
    await until(shown, lambda scene: scene.current == 1)
    shown.halt()
    scene = shown.scene
    assert scene.held
    assert shown.word is None or await asyncio.sleep(0) is None
    assert reader.position() == 0
    reader.pace = 60_000
    shown.halt()
    await until(shown, at_end)
    assert reader.said[:4].count(scene.sentences[1]) == 2
    await shown.close()


async def test_leaving_a_story_is_written_down(tmp_path: Path) -> None:
    made, _ = room(Sim(), tmp_path, reader=Hurried(pace=600))
    shown = hour(made)
    shown.open()
    shown.surprise()
    await until(shown, lambda scene: scene.current == 1)
    shown.back()
    assert shown.scene.act is Act.CARDS
    shown.surprise()
    await until(shown, lambda scene: scene.current == 0)
    assert "stopped" in (tmp_path / "diary.txt").read_text()
    await shown.close()


async def test_unfit_sentences_are_left_out_and_told_on_otherwise(tmp_path: Path) -> None:
    said: list[str] = []

    def fit(sentence: str) -> bool:
        said.append(sentence)
        return len(said) % 5 != 0

    made, _ = room(Sim(), tmp_path, fit=fit)
    shown = hour(made)
    shown.open()
    shown.surprise()
    scene = await until(shown, at_end)
    refused = said[4::5]
    assert refused
    assert not set(refused) & set(scene.sentences)
    assert all(
        f"left out: {sentence}" in (tmp_path / "diary.txt").read_text() for sentence in refused
    )
    await shown.close()


async def test_where_nothing_is_fit_a_stored_ending_closes_it(tmp_path: Path) -> None:
    made, _ = room(Sim(), tmp_path, fit=lambda _: False)
    shown = hour(made)
    shown.open()
    shown.surprise()
    scene = await until(shown, at_end)
    assert scene.sentences[-1] in stored.endings()
    assert scene.sentences[:-1] == tuple(whole(made.deck.opening(shown.choice), over=True))
    await shown.close()


@pytest.mark.parametrize(
    ("child", "rest", "one_more"),
    [
        (Household(sleep_after=Sleep(stories=1), one_more=1), Rest.ASLEEP, True),
        (Household(sleep_after=Sleep(stories=1)), Rest.ASLEEP, False),
    ],
)
async def test_it_rests_after_the_story_not_in_it(
    tmp_path: Path, child: Household, rest: Rest, one_more: bool
) -> None:
    made, _ = room(Sim(), tmp_path)
    shown = hour(made, child)
    shown.open()
    shown.surprise()
    await until(shown, at_end)
    shown.surprise()
    assert (shown.scene.act, shown.scene.rest, shown.scene.one_more) == (
        Act.RESTING,
        rest,
        one_more,
    )
    shown.go()
    if one_more:
        assert shown.scene.act is Act.CARDS
        shown.surprise()
        await until(shown, at_end)
        shown.surprise()
        assert (shown.scene.act, shown.scene.one_more) == (Act.RESTING, False)
    else:
        assert shown.scene.act is Act.RESTING
    await shown.close()


async def test_quiet_hours_say_until_when_and_end_by_themselves(tmp_path: Path) -> None:
    now = AFTERNOON.replace(hour=22)

    def wall() -> datetime:
        return now

    child = replace(
        Household(), quiet_from=now.time().replace(hour=20), quiet_to=now.time().replace(hour=6)
    )
    made, _ = room(Sim(), tmp_path, wall=wall)
    shown = hour(made, child)
    assert (shown.scene.act, shown.scene.rest) == (Act.RESTING, Rest.QUIET)
    assert shown.scene.until == now.replace(hour=6, minute=30) + timedelta(days=1)
    shown.surprise()
    shown.pick(1)
    assert shown.scene.act is Act.RESTING
    now += timedelta(hours=9)
    shown.go()
    assert shown.scene.act is Act.CARDS
    await shown.close()
