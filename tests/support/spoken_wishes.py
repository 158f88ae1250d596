"""Children's wishes spoken by espeak-ng, clean and in noise; and sentences that are no wish."""

from __future__ import annotations

import array
import functools
import math
import random
from operator import mul
from typing import TYPE_CHECKING

from duotui.speech.microphone import open_segmenter
from duotui.speech.noise_gate import without_noise
from duotui.speech.recognizer import SAMPLE_RATE
from duotui.speech.resampling import resampled
from duotui.speech.wish_grammar import ALONE_SUFFIX
from duotui.story.cards import deck
from duotui.story.voice_input import SPOKEN_COMMANDS
from support.espeak import ESPEAK_RATE as MADE_RATE
from support.espeak import synthesise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPEECH_LEVEL = 3000
"""Root mean square of the speech, of 32768."""

SNR = 15.0
"""Signal-to-noise ratio in dB, during speech."""

CONDITIONS = ("clean", "white", "babble")

VOICES = (
    ("en-us", 50, 140),
    ("en-gb", 50, 140),
    ("en-us+f2", 75, 130),
    ("en-us+m3", 50, 150),
    ("en-gb-x-rp", 60, 140),
)
"""Language and variant, pitch of 99, words a minute: the voices that the recognizer was tuned on.
"""

OTHER_VOICES = (
    ("en-us+f4", 90, 130),
    ("en-us+f5", 85, 130),
    ("en-gb-scotland", 50, 140),
    ("en-gb-x-gbclan+m5", 40, 150),
    ("en-us+Annie", 60, 140),
)
"""Voices for tests only, stranger and higher."""

Voice = tuple[str, int, int]

CARDS: Mapping[str, Mapping[str, tuple[str, ...]]] = deck().spoken() | {"command": SPOKEN_COMMANDS}

CARRIERS = (
    "",
    "a story about",
    "tell me a story about",
    "please tell me a story about",
    "i want",
    "i want a story about",
)


def wishes(
    number: int, seed: int, cards: Mapping[str, Mapping[str, tuple[str, ...]]] = CARDS
) -> list[tuple[str, dict[str, str]]]:
    """Yield every card by itself, in each of its forms, and then whole wishes, up to `number`."""
    chance = random.Random(seed)
    result = [
        (form, {slot.removesuffix(ALONE_SUFFIX): key})
        for slot, keys in cards.items()
        for key, forms in keys.items()
        for form in forms
    ]
    while len(result) < number:
        phrases, slots = [chance.choice(CARRIERS)], {}
        for slot, often in (("who", 1.0), ("where", 0.7), ("what", 0.6)):
            if chance.random() < often:
                slots[slot] = chance.choice(list(cards[slot]))
                if slot == "what":
                    phrases.append(chance.choice(("who", "that")))
                phrases.append(chance.choice(cards[slot][slots[slot]]))
        result.append((" ".join(phrases).strip(), slots))
    return result


OUTSIDE = tuple(
    """
    what time is it
    where are my shoes
    i want my mummy
    can i have some juice
    mary had a little lamb
    its fleece was white as snow
    twinkle twinkle little star
    how i wonder what you are
    humpty dumpty sat on a wall
    humpty dumpty had a great fall
    baa baa black sheep have you any wool
    jack and jill went up the hill
    to fetch a pail of water
    the wheels on the bus go round and round
    row row row your boat gently down the stream
    hickory dickory dock
    the mouse ran up the clock
    old macdonald had a farm
    london bridge is falling down
    one two three four five once i caught a fish alive
    once upon a time there was a little girl named lily
    she loved to play outside in the sunshine
    one day she went to the park with her mom
    the dog was very happy and wagged his tail
    tom saw a big red truck and wanted to play with it
    the cat ran away and hid under the bed
    they played together all day long
    her mommy said we should go home now
    he was sad because his toy was broken
    the bird flew up into the sky
    the little boy said thank you and smiled
    they lived happily ever after
    dinner is ready come to the table
    did you brush your teeth
    put on your shoes please
    turn off the television
    the weather tomorrow will be rainy
    hello how are you today
    i am hungry
    good night sleep tight
    my name is oliver
    what is that noise
    mum he is hitting me
    i do not want to go to bed
    look at this
    where is daddy
    the train leaves at half past nine
    please close the door
    tell me about dinosaurs
    play some music
    call my grandma
    how much does it cost
    seven plus five is twelve
    monday tuesday wednesday thursday
    red orange yellow green blue
    happy birthday to you
    let us go to the supermarket
    this is the news at six
    the meeting has been moved to friday
    could you pass the salt
    i need to go to the toilet
    wait for me
    oh no
    hello
    mummy
    banana
    thank you
    okay
    what
    come here
    ouch that hurts
    give it back
    a story about
    tell me a joke
    who is there
    go away
    maybe later
    i like pizza
    stop it that is mine
    look a dog
    the forest was dark and the trees were tall
    a b c d e f g
    """.strip()
    .replace("    ", "")
    .splitlines()
)


HELD_OUT = tuple(
    """
    the boat is on the river
    we went to the shop this morning
    my sister has a new bicycle
    a little star was very lonely
    the king lived in a golden tower
    she found a box full of buttons
    he wanted to share his cookies
    the frog jumped over the log
    ring a ring a roses
    five little ducks went swimming one day
    hey diddle diddle the cat and the fiddle
    the cow jumped over the moon
    little miss muffet sat on a tuffet
    rock a bye baby on the tree top
    pat a cake pat a cake baker man
    three blind mice see how they run
    i spy with my little eye
    can we watch a film tonight
    grandpa is asleep in his chair
    do not touch that it is hot
    which way to the station
    the car will not start again
    your lunch is in the kitchen
    i have a sore tummy
    he took my pencil
    wash your hands before supper
    it is my turn now
    where did you put the keys
    let me show you something
    that was really funny
    excuse me
    good morning
    never mind
    hurry up
    careful
    why not
    tell me the time
    a song about rain
    i want a drink of water
    a story for my brother
    """.strip()
    .replace("    ", "")
    .splitlines()
)
"""Sentences outside the grammar that were not used for tuning."""


@functools.cache
def synthesised(text: str, voice: Voice) -> array.array[int]:
    """Synthesize `text` at SAMPLE_RATE and SPEECH_LEVEL, without the silence around it."""
    name, pitch, rate = voice
    sound = synthesise(text, voice=name, pitch=pitch, rate=rate)
    speech = array.array("h", resampled(sound, MADE_RATE, SAMPLE_RATE))
    loud = [at for at, sample in enumerate(speech) if abs(sample) > 200]
    return _at_level(speech[loud[0] : loud[-1] + 1], SPEECH_LEVEL)


def in_noise(text: str, voice: Voice, condition: str, seed: int) -> bytes:
    """Add 0.4 s before and 0.5 s after `text`, in noise of SNR, or almost none."""
    speech = synthesised(text, voice)
    padded = array.array("h", bytes(2 * (SAMPLE_RATE * 4 // 10)))
    padded.extend(speech)
    padded.extend(array.array("h", bytes(2 * (SAMPLE_RATE // 2))))
    chance = random.Random(seed)
    quiet = SPEECH_LEVEL * 10 ** (-SNR / 20)
    match condition:
        case "clean":
            noise: Sequence[float] = white(len(padded), 3.0, chance)
        case "white":
            noise = white(len(padded), quiet, chance)
        case _:
            noise = babble(len(padded), quiet, chance)
    return pcm(list(map(float.__add__, map(float, padded), noise)))


def turned(pcm: bytes) -> bytes:
    """Microphone's recording of one turn in `pcm`."""
    turn = open_segmenter(12.0)
    turn.feed(pcm)
    return without_noise(turn.utterance(), turn.surroundings())


def pcm(samples: Sequence[float]) -> bytes:
    return array.array(
        "h", (max(-32768, min(32767, round(sample))) for sample in samples)
    ).tobytes()


def white(length: int, level: float, chance: random.Random) -> list[float]:
    return [chance.gauss(0.0, level) for _ in range(length)]


def babble(length: int, level: float, chance: random.Random) -> list[float]:
    """Noise of six voices that speak at once."""
    voices = _voices()
    at = chance.randrange(len(voices) - length)
    part = voices[at : at + length]
    loud = math.sqrt(sum(map(mul, part, part)) / length)
    return [sample * level / loud for sample in part]


@functools.cache
def _voices() -> list[float]:
    speakers = []
    for number, voice in enumerate((*VOICES, OTHER_VOICES[0])):
        one = array.array("h")
        for text in OUTSIDE[number * 7 : number * 7 + 6]:
            one.extend(synthesised(text, voice))
        speakers.append(one)
    return [float(sum(samples)) for samples in zip(*speakers, strict=False)]


def sounds() -> dict[str, bytes]:
    """Sounds without speech, two seconds each; and the babble of voices."""
    chance, length = random.Random(5), 2 * SAMPLE_RATE
    turn = [2 * math.pi * at / SAMPLE_RATE for at in range(length)]
    result: dict[str, Sequence[float]] = {"silence": [0.0] * length}
    for level in (10, 300, 3000):
        result[f"white noise {level}"] = white(length, level, chance)
    for pitch in (110, 220, 330, 440, 880):
        result[f"tone {pitch} Hz"] = [8000 * math.sin(pitch * at) for at in turn]
    for pitch in (150, 250, 350):
        wavering = [at * pitch + 0.6 * math.sin(5 * at) for at in turn]
        result[f"humming {pitch} Hz"] = [
            3000 * sum(math.sin(part * at) / part for part in range(1, 8)) for at in wavering
        ]
    for name, pitches in (("major", (262, 330, 392)), ("minor", (220, 262, 330))):
        result[f"{name} chord"] = [
            2500
            * (0.3 + 0.7 * math.exp(-3 * (number / SAMPLE_RATE % 0.5)))
            * sum(math.sin(pitch * part * at) / part for pitch in pitches for part in (1, 2, 3))
            for number, at in enumerate(turn)
        ]
    result["siren"] = [6000 * math.sin(600 * at + 150 * math.sin(2 * at)) for at in turn]
    result["clapping"] = [
        chance.gauss(0.0, 9000) if number % 4000 < 200 else 0.0 for number in range(length)
    ]
    for number in range(4):
        result[f"a room {number}"] = babble(length, 800, chance)
    return {name: pcm(samples) for name, samples in result.items()}


def _at_level(speech: array.array[int], level: float) -> array.array[int]:
    powers = [
        sum(map(mul, part, part)) / len(part)
        for part in (speech[at : at + 160] for at in range(0, len(speech), 160))
    ]
    loud = [power for power in powers if power > max(powers) / 1000]
    factor = level / math.sqrt(sum(loud) / len(loud))
    return array.array("h", pcm([sample * factor for sample in speech]))
