"""Story read aloud, with a manual clock and handmade answers of the agent."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.protocol import events, messages
from duotui.protocol.events import Source, SpeechEndReason
from duotui.protocol.message_base import Message
from duotui.protocol.messages import Speak
from duotui.protocol.sentence_splitter import sentences
from duotui.protocol.speak_request import (
    PLAY_TIMEOUT,
    PREPARE_TIMEOUT,
    SpeakRequest,
    to_ascii,
    word_at,
)
from duotui.protocol.timing import POLL_INTERVAL, RETRANSMIT_INTERVAL

FIRST_SENTENCE = 2**32 - 1
TEXT = 'One day, Tim said, "Go!"\nThe end.'


def speech_message(sentence: int, state: int, **changes: object) -> messages.Speech:
    fields: dict[str, object] = {
        "clock": 0,
        "asked": 1_000_000,
        "begun": 0,
        "ended": 0,
        "length": 0,
        "trouble": "",
        "words": (),
    }
    return messages.Speech(sentence, state, **{**fields, **changes})  # type: ignore[arg-type]


def playing_message(sentence: int, **changes: object) -> messages.Speech:
    fields: dict[str, object] = {"clock": 1_500_000, "begun": 1_400_000, "length": 900}
    return speech_message(sentence, 2, **{**fields, **changes})


def done_message(sentence: int) -> messages.Speech:
    return speech_message(
        sentence, 3, clock=2_400_000, begun=1_400_000, ended=2_400_000, length=900
    )


def reading(text: str = TEXT) -> SpeakRequest:
    request = SpeakRequest(Source.BOARD, text, FIRST_SENTENCE)
    request.start(0.0)
    return request


def texts(messages_: list[Message]) -> list[str]:
    return [message.text for message in messages_ if isinstance(message, Speak)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, ['One day, Tim said, "Go!"', "The end."]),
        ("She ran. He ran... Why? “No.” Yes", ["She ran.", "He ran...", "Why?", "“No.”", "Yes"]),
        ("Mr. Bear met Mrs. Fox. Dr. Owl slept.", ["Mr. Bear met Mrs. Fox.", "Dr. Owl slept."]),
        ('"Thank you!" she said. He ran.', ['"Thank you!" she said.', "He ran."]),
        ("It cost 2.50 then.", ["It cost 2.50 then."]),
        (" \n ... \n!", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[span.start : span.end] for span in sentences(text)] == expected


@given(st.text(max_size=2000))
def test_every_letter_is_said_once(text: str) -> None:
    spans = list(sentences(text))
    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start < span.end for end, span in zip(ends, spans, strict=False))
    inside = {at for span in spans for at in range(span.start, span.end)}
    assert all(at in inside for at, character in enumerate(text) if character.isalnum())
    for span in spans:
        sentence = to_ascii(text[span.start : span.end])
        assert len(sentence) == len(sentence.encode("ascii")) == span.end - span.start <= 600
        assert sentence.isprintable()


def test_a_sentence_is_asked_for_until_it_is_answered_and_then_looked_after() -> None:
    one = reading()
    assert texts(one.due(0.0)) == ['One day, Tim said, "Go!"']
    assert one.due(RETRANSMIT_INTERVAL / 2) == []
    assert len(one.due(RETRANSMIT_INTERVAL)) == 1
    one.receive(speech_message(FIRST_SENTENCE, 1), 0.4)
    assert len(one.due(2 * RETRANSMIT_INTERVAL)) == 1
    assert one.due(2 * RETRANSMIT_INTERVAL + POLL_INTERVAL / 2) == []
    assert len(one.due(2 * RETRANSMIT_INTERVAL + POLL_INTERVAL)) == 1


def test_sentences_follow_one_another_and_their_time_is_added() -> None:
    one = reading()
    one.due(0.0)
    playing = one.receive(playing_message(FIRST_SENTENCE), 1.0)
    assert [type(event) for event in playing] == [events.SentencePlaying]
    assert one.receive(playing_message(FIRST_SENTENCE), 1.1) == []
    assert one.receive(done_message(FIRST_SENTENCE), 2.0) == []
    assert texts(one.due(2.0)) == ["The end."]
    assert (
        one.receive(done_message(FIRST_SENTENCE), 2.1) == []
    )  # the last answer for the one before
    *_, end = one.receive(done_message(0), 3.0)
    assert end == events.SpeechEnded(3.0, Source.BOARD, SpeechEndReason.DONE, 2, 0.8, 2.0)
    assert one.over
    assert one.due(9.0) == []


def test_a_word_is_marked_when_it_is_heard_however_late_its_message_was() -> None:
    one = reading()
    words = ((0, 0, 3), (300, 4, 3), (620, 9, 3))
    (playing,) = one.receive(playing_message(FIRST_SENTENCE, clock=1_900_000, words=words), 10.0)
    assert isinstance(playing, events.SentencePlaying)
    assert playing.begun == 9.5
    assert [TEXT[mark.start : mark.end] for mark in playing.marks] == ["One", "day", "Tim"]
    assert word_at(playing, 9.4) is None
    assert word_at(playing, 9.7) == playing.marks[0]
    assert word_at(playing, 9.81) == playing.marks[1]
    assert word_at(playing, 99.0) == playing.marks[2]


@pytest.mark.parametrize(
    ("state", "silence", "trouble"),
    [(4, SpeechEndReason.FAILED, "no loudspeaker"), (5, SpeechEndReason.STOPPED, "")],
    ids=["failed", "stopped"],
)
def test_what_the_board_cannot_say_ends_it(
    state: int, silence: SpeechEndReason, trouble: str
) -> None:
    one = reading()
    (end,) = one.receive(speech_message(FIRST_SENTENCE, state, trouble=trouble), 1.0)
    assert isinstance(end, events.SpeechEnded)
    assert (end.silence, end.trouble, end.sentences) == (silence, trouble, 0)


def test_a_voice_that_is_stuck_is_given_up() -> None:
    one = reading()
    one.receive(speech_message(FIRST_SENTENCE, 1), 1.0)
    assert one.overdue(PREPARE_TIMEOUT) == []
    one.receive(playing_message(FIRST_SENTENCE), 20.0)
    assert one.overdue(20.0 + PLAY_TIMEOUT) == []
    (end,) = one.overdue(20.9 + PLAY_TIMEOUT)
    assert isinstance(end, events.SpeechEnded)
    assert end.silence is SpeechEndReason.FAILED


def test_a_voice_that_never_answers_is_given_up() -> None:
    """The agent answers all else: while the link is away, nobody asks whether it is overdue."""
    one = reading()
    assert one.overdue(PREPARE_TIMEOUT - 1) == []
    (end,) = one.overdue(PREPARE_TIMEOUT)
    assert isinstance(end, events.SpeechEnded)
    assert end.silence is SpeechEndReason.FAILED


def test_a_voice_that_goes_back_and_forth_is_given_up() -> None:
    one = reading()
    one.receive(speech_message(FIRST_SENTENCE, 1), 1.0)
    one.receive(playing_message(FIRST_SENTENCE), 2.0)
    for second in range(3, 3 + int(PLAY_TIMEOUT)):
        one.receive(speech_message(FIRST_SENTENCE, 1), float(second))
        one.receive(playing_message(FIRST_SENTENCE), second + 0.5)
    assert [type(event) for event in one.overdue(4.0 + PLAY_TIMEOUT)] == [events.SpeechEnded]


@pytest.mark.parametrize(
    "lie",
    [{"length": 2**32 - 1}, {"asked": 2**64 - 1}, {"begun": 2**63}, {"ended": 1}],
    ids=["length", "asked", "begun", "ended"],
)
def test_a_voice_that_cannot_be_right_ends(lie: dict[str, int]) -> None:
    one = reading()
    honest = replace(playing_message(FIRST_SENTENCE), state=3, asked=5, begun=10, ended=20)
    (end,) = one.receive(replace(honest, **lie), 1.0)  # type: ignore[arg-type]
    assert isinstance(end, events.SpeechEnded)
    assert (end.silence, end.prepared, end.heard) == (SpeechEndReason.FAILED, 0.0, 0.0)


def test_a_mark_outside_its_sentence_is_none() -> None:
    one = reading()
    words = ((0, 0, 3), (5, 65535, 65535))
    playing, *_ = one.receive(replace(playing_message(FIRST_SENTENCE), words=words), 1.0)
    assert isinstance(playing, events.SentencePlaying)
    assert [TEXT[mark.start : mark.end] for mark in playing.marks] == ["One"]


def test_another_agent_is_asked_at_once() -> None:
    one = reading()
    one.due(0.0)
    one.receive(playing_message(FIRST_SENTENCE), 1.0)
    one.resume(50.0)
    assert texts(one.due(50.0)) == ['One day, Tim said, "Go!"']


def test_nothing_to_say_is_said_at_once() -> None:
    request = SpeakRequest(Source.BOARD, "...", 5)
    *_, end = request.start(1.0)
    assert isinstance(end, events.SpeechEnded)
    assert (end.silence, end.sentences) == (SpeechEndReason.DONE, 0)
