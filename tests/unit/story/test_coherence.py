"""Sentences that repeat themselves, or let a subject act on itself."""

import asyncio
from dataclasses import replace

import pytest

from duotui.protocol.events import Event
from duotui.protocol.request import Request
from duotui.story.coherence import acts_on_itself, incoherent, repeats
from duotui.story.generator import GeneratedStory, StoryGenerator
from support import scripted_session
from support.scripted_session import BOARD, ScriptedSession
from support.shared_corpus import valid_sentences


@pytest.mark.parametrize(
    "sentence",
    [
        'The butterfly flew to the butterfly and said, "Hi!"',
        "Sam gave the car to Sam.",
        "The tree saw the tree and wanted to climb it.",
        "One day, the bird saw a bird.",
        "The whip made the whip move around Tim and his friends.",
        "Lily and the squirrel helped the squirrel.",
        "A dog wanted to help the dog.",
    ],
)
def test_a_subject_that_acts_on_itself(sentence: str) -> None:
    assert acts_on_itself(sentence)
    assert incoherent(sentence, [])


@pytest.mark.parametrize(
    "sentence",
    [
        "The bird saw another bird.",
        "The bird, the cat and the bird's friend played.",
        "Lily told her mom that Lily was sad.",
        "The dog that chased the dog was big.",
        "The boy and the girl saw the boy's dog.",
        "Tim saw Sam, and Sam saw Tim.",
        "The cat was the best cat of all.",
        "No, no!",
        "",
        "He knew that he could do it.",
        "Her mom hugged her.",
    ],
)
def test_what_people_write_is_coherent(sentence: str) -> None:
    assert not acts_on_itself(sentence)


def test_a_repetition() -> None:
    told = ["They played all day long.", "Yes, please!"]
    assert repeats("they played, all day long!", told)
    assert not repeats("Yes, please!", told)
    assert not repeats("They played all day.", told)


def test_real_stories_are_hardly_ever_refused() -> None:
    """Of 5,000 sentences by others at most 1 in 1,000."""
    stories = valid_sentences()
    sentences = [sentence for story in stories for sentence in story]
    refused = [
        sentence
        for story in stories
        for at, sentence in enumerate(story)
        if incoherent(sentence, story[:at])
    ]
    assert len(sentences) > 5000
    assert len(refused) <= len(sentences) / 1000


class AskedSession(ScriptedSession):
    """A session whose requests are waited for."""

    def __init__(self, *events: Event) -> None:
        super().__init__(*events)
        self.asked: asyncio.Queue[Request] = asyncio.Queue()

    def generate(self, request: Request) -> None:
        super().generate(request)
        self.asked.put_nowait(request)


async def test_an_incoherent_sentence_is_told_anew_with_another_seed() -> None:
    session = AskedSession(*scripted_session.ready())
    generator = StoryGenerator(session, lambda _: True, ("The end.",))
    generated = GeneratedStory("There was a cat.", 7)
    generating = asyncio.create_task(generator.generate(generated))
    seeds = []
    for words in ([" The", " cat", " saw", " the", " cat", "."], [" It", " sat."]):
        request = await asyncio.wait_for(session.asked.get(), 60)
        seeds.append(request.seed)
        start = scripted_session.started(BOARD, request.prompt)
        session.emit(
            replace(start, prompt=request.prompt, seed=request.seed, ids=(1,)),
            scripted_session.tokens(BOARD, words),
            scripted_session.ended(BOARD, len(words)),
            scripted_session.gauges(BOARD, len(words), idle=True)[0],
        )
    await asyncio.wait_for(generating, 60)
    assert generated.told == ["There was a cat.", "It sat."]
    assert generated.regenerated == ["The cat saw the cat."]
    assert generated.left_out == []  # the diary is for what was unfit
    assert seeds == [7, 8]
