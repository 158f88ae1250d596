"""Grammar of wishes, and resampling of PCM; pure, so no pocketsphinx is needed."""

import array
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.speech.recognizer import OTHER_WORDS, SAMPLE_RATE
from duotui.speech.resampling import resampled
from duotui.speech.wish_grammar import ALONE_SUFFIX, Grammar
from duotui.story.cards import deck
from support.spoken_wishes import CARDS, OUTSIDE, wishes


@pytest.mark.parametrize(
    ("words", "slots"),
    [
        ("a dog", {"who": "dog"}),
        ("a puppy", {"who": "dog"}),
        ("by the sea", {"where": "sea"}),
        ("please on a rainy day", {"what": "rain"}),
        ("tell it again", {"command": "again"}),
        ("please go on", {"command": "next"}),
        ("i want dragon", {"who": "dragon"}),
        ("a story about the castle", {"where": "castle"}),
        ("tell me a story on a farm", {"where": "farm"}),
        (
            "tell me a story about a dog in the woods who finds a key",
            {"who": "dog", "where": "forest", "what": "key"},
        ),
        ("i want a bear has a birthday party", {"who": "bear", "what": "birthday"}),
        ("i want a story about a little girl at home", {"who": "girl", "where": "house"}),
    ],
)
def test_what_is_wished(words: str, slots: dict[str, str]) -> None:
    assert Grammar(CARDS).slots(words) == slots


@pytest.mark.parametrize(
    "words",
    [
        "",
        "a",
        "a dog a cat",
        "kitten house",
        "a dog the forest",
        "a dog a key",
        "dog in the forest",
        "in the forest a dog",
        "a story about",
        "a dog who",
        "a dog finds a key in the forest",
        "again a dog",
        "tell me again",
        "a dogin the forest",
    ],
)
def test_what_is_no_wish(words: str) -> None:
    assert Grammar(CARDS).slots(words) is None


def test_every_wish_is_one_and_nothing_outside_is() -> None:
    grammar = Grammar(CARDS)
    for words, slots in wishes(400, 1):
        assert grammar.slots(words) == slots
    assert not [words for words in OUTSIDE if grammar.slots(words)]


def test_the_whole_deck_can_be_said() -> None:
    vocabulary = deck().spoken()
    grammar = Grammar(vocabulary)
    for slot, keys in vocabulary.items():
        for key, forms in keys.items():
            for form in forms:
                assert grammar.slots(form) == {slot.removesuffix(ALONE_SUFFIX): key}


def test_a_grammar_has_all_its_words_and_no_others() -> None:
    words = Grammar({"who": {"dog": ("a dog",)}}).words
    assert {"a", "dog", "story", "about", "please", "want"} <= words
    assert not words & {"who ", "where", "what", "command", "cat"}


def test_a_slot_that_is_empty_or_not_there_is_never_said() -> None:
    grammar = Grammar({"who": {"dog": ("a dog",)}, "what": {}})
    assert grammar.slots("a dog") == {"who": "dog"}
    assert grammar.slots("a dog who") is None
    assert "<where> = <VOID>;" in grammar.jsgf


@pytest.mark.parametrize(
    ("vocabulary", "why"),
    [
        ({"when": {"now": ("now",)}}, "no slots: when"),
        ({"who": {"dog": ("a dog",), "pup": ("a dog",)}}, "'a dog' is said for dog and for pup"),
        ({"who": {"dog": ("A dog",)}}, "'A dog' is not plain words"),
        ({"who": {"dog": ("",)}}, "'' is not plain words"),
        ({"who": {"dog": ("a  dog",)}}, "is not plain words"),
        ({"who": {"dog": ("dog; public <x> = y",)}}, "is not plain words"),
    ],
)
def test_what_cannot_be_said_is_refused(
    vocabulary: dict[str, dict[str, tuple[str, ...]]], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Grammar(vocabulary)


@given(st.text(alphabet="abc |()[]<>;{}'\n*+/\\", max_size=30))
def test_no_card_breaks_out_of_the_grammar(form: str) -> None:
    try:
        grammar = Grammar({"who": {"it": (form,)}})
    except ValueError:
        return
    assert grammar.slots(form) == {"who": "it"}
    assert grammar.jsgf.count(";") == 10


def test_other_words_are_each_there_once() -> None:
    assert len(OTHER_WORDS) == len(set(OTHER_WORDS))


def tone(hertz: float, rate: int, seconds: float = 0.2) -> bytes:
    return array.array(
        "h",
        (
            round(8000 * math.sin(2 * math.pi * hertz * at / rate))
            for at in range(int(rate * seconds))
        ),
    ).tobytes()


def loudness(pcm: bytes) -> float:
    middle = array.array("h", pcm)[400:-400]
    return math.sqrt(sum(sample * sample for sample in middle) / len(middle))


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
def test_a_tone_is_the_same_at_another_rate(rate: int) -> None:
    resampled_tone = array.array("h", resampled(tone(1000, rate), rate, SAMPLE_RATE))
    meant = array.array("h", tone(1000, SAMPLE_RATE))
    assert abs(len(resampled_tone) - len(meant)) <= 2
    pairs = list(zip(resampled_tone, meant, strict=False))[200:-200]
    assert max(abs(one - other) for one, other in pairs) < 0.03 * 8000


def test_what_is_above_the_rate_is_not_folded_into_it() -> None:
    assert loudness(resampled(tone(11_000, 44100), 44100, SAMPLE_RATE)) < 0.02 * 8000
    assert loudness(resampled(tone(3000, 44100), 44100, SAMPLE_RATE)) > 0.65 * 8000


def test_the_same_rate_is_the_same_pcm() -> None:
    assert resampled(b"\x01\x02\x03\x04", SAMPLE_RATE, SAMPLE_RATE) == b"\x01\x02\x03\x04"


@given(st.binary(max_size=200), st.sampled_from([8000, 11025, 22050, 32000]))
def test_any_bytes_are_some_sound(pcm: bytes, rate: int) -> None:
    assert len(resampled(pcm, rate, SAMPLE_RATE)) == len(pcm) // 2 * SAMPLE_RATE // rate * 2


@pytest.mark.parametrize("rate", [0, -1])
def test_no_rate_is_refused(rate: int) -> None:
    with pytest.raises(ValueError, match="rate"):
        resampled(b"", rate, SAMPLE_RATE)
