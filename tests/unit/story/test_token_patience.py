"""A board that answers and tells nothing counts as away: a stored story is read meanwhile."""

import asyncio
from dataclasses import replace

from duotui.protocol import events
from duotui.protocol.events import Event
from duotui.story.generator import GeneratedStory, StoryGenerator
from support import scripted_session
from support.scripted_session import BOARD, ScriptedSession

OPENING, STORY = "There was a cat.", [" The", " cat", " sat", "."]


def generator(session: ScriptedSession, patience: float) -> StoryGenerator:
    return StoryGenerator(session, lambda _: True, ("The end.",), patience=patience)


def told(prompt: str, seed: int) -> list[Event]:
    """Events of a whole story that begins with `prompt`."""
    start = replace(scripted_session.started(BOARD, prompt), prompt=prompt, seed=seed, ids=(1,))
    return [
        start,
        scripted_session.tokens(BOARD, STORY),
        scripted_session.ended(BOARD, len(STORY)),
        scripted_session.gauges(BOARD, len(STORY), idle=True)[0],
    ]


async def away(generated: GeneratedStory) -> None:
    while not generated.away:
        await generated.changed()


async def test_a_board_that_tells_nothing_is_away_until_it_does() -> None:
    session = ScriptedSession(*scripted_session.ready())
    generated = GeneratedStory(OPENING, 7)
    generating = asyncio.create_task(generator(session, 0.01).generate(generated))
    await asyncio.wait_for(away(generated), 60)
    # it answers all the while
    session.emit(*scripted_session.gauges(BOARD, 0))
    session.emit(*told(OPENING, 7))
    await asyncio.wait_for(generating, 60)
    assert (generated.away, generated.over) == (False, True)
    assert generated.told == [OPENING, "The cat sat."]


async def test_gauges_do_not_keep_a_child_waiting() -> None:
    """Only a new token does."""
    session = ScriptedSession(*scripted_session.ready())
    generated = GeneratedStory(OPENING, 7)
    generating = asyncio.create_task(generator(session, 0.05).generate(generated))
    while not generated.away:
        session.emit(*scripted_session.gauges(BOARD, 0))
        await asyncio.sleep(0)
    generating.cancel()
    await asyncio.wait({generating})


async def test_a_fault_of_an_earlier_story_does_not_end_this_one() -> None:
    session = ScriptedSession(*scripted_session.ready(), events.Fault(1.0, BOARD, "of before"))
    generated = GeneratedStory(OPENING, 7)
    generating = asyncio.create_task(generator(session, 60.0).generate(generated))
    await asyncio.sleep(0)
    session.emit(*scripted_session.gauges(BOARD, 0))
    await asyncio.sleep(0)
    session.emit(*told(OPENING, 7))
    await asyncio.wait_for(generating, 60)
    assert generated.told == [OPENING, "The cat sat."]


async def test_a_story_that_the_engine_gives_up_gets_a_stored_ending() -> None:
    session = ScriptedSession(*scripted_session.ready())
    generated = GeneratedStory(OPENING, 7)
    generating = asyncio.create_task(generator(session, 60.0).generate(generated))
    while not generating.done():
        await asyncio.sleep(0)
        session.emit(events.Fault(1.0, BOARD, "the engine has told nothing for 300 s"))
    assert (generated.told, generated.closed) == ([OPENING, "The end."], True)
