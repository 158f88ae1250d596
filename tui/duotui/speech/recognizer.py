"""Speech recognition by a closed grammar made of the cards, with pocketsphinx and its English
model.

A closed grammar matches anything, even a rhyme or a cough. So its score is compared with that of
any English words (SCORE_MIDDLE), and the child confirms a wish before the story. A `Recognizer`
blocks all other threads while pocketsphinx computes, so `open_recognizer` runs one in a process of
its own.
"""

import array
import asyncio
import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import mul
from typing import Any, BinaryIO

from duotui.base.child_process import ChildProcess, python_module
from duotui.base.errors import NotReady
from duotui.base.translation import gettext as _
from duotui.base.translation import untranslated as N_
from duotui.speech.noise_gate import NUMPY_MISSING
from duotui.speech.resampling import resampled
from duotui.speech.wish_grammar import Grammar, Vocabulary

NO_POCKETSPHINX = (
    NUMPY_MISSING
    if sys.version_info < (3, 14)
    else (
        NUMPY_MISSING[0],
        N_("voice input needs Python 3.13 or older: pocketsphinx has no newer wheel"),
    )
)

SAMPLE_RATE = 16_000
"""Sample rate of pocketsphinx's model in Hz."""

OTHER_WORDS = tuple(
    """
about after all and are ask away back bad bed big blue bring brother bus but call clock come cow did
dinner do down eat egg every eye face fall father feel five food for four fox full give go good had
hand happy he hello help her here his hot how hungry if jump just know lamb like live look love made
maybe milk mommy more mouse much mum music name night noise not now of off oh one our out over pizza
play push ran red round sad said saw school see she shoe sing six sky sleep small some soon sun take
talk teeth telephone thank their them there they think three time to toilet tomorrow toy train tree
turn two up use very wait walk wall was water we weather went were what where white why will wind
wish with wool would yellow yes you your
""".split()  # noqa: SIM905
)
"""Other words of a child: enough short words that any English can be made of their sounds."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """`slots` maps each recognized slot to its key. `confidence` is from 0 to 1."""

    words: str
    slots: Mapping[str, str]
    confidence: float


VOCAL_TRACT_SCALES = (0.9, 1.0, 1.1, 1.2)
"""Factors of the model's frequencies (vocal tract length normalisation): a child's vocal tract is
short. The best score wins."""

DECODER_OPTIONS: Mapping[str, Any] = {
    # the best path through the lattice may end in the middle of a sentence
    "bestpath": False,
    # scores are relative to the best computed senone: they compare only if all are computed
    "compallsen": True,
    "lw": 4.0,
    "wip": 0.05,
    "silprob": 0.3,
    "fillprob": 1e-4,
}
WIDE_BEAMS: Mapping[str, float] = {"beam": 1e-60, "wbeam": 1e-40, "pbeam": 1e-60}
NARROW_BEAMS: Mapping[str, float] = {"beam": 1e-48, "wbeam": 7e-29, "pbeam": 1e-48}
"""Options of pocketsphinx: wide beams for wishes, of which there are few, narrow ones for
English."""

FAINT_LEVEL = 60.0
"""Root mean square, of 32768, below which there is only silence."""

SHORTEST_WORDS = 0.18
"""Seconds of the shortest words: a shorter "no" is a hiss or a tone."""

SCORE_MIDDLE, SCORE_SPREAD = -14.0, 4.0
"""Middle and spread of the logistic function from margin to confidence. A margin of 0 is that of a
wish as good as any English words."""

CONFIRM_BELOW = 0.5
"""Lowest confidence at which the child is asked to confirm a wish. docs/performance.md says how
often it is right, measured by tests/bench/recognition_rate.py."""


class Recognizer:
    """Recogniser for one thread at a time. Raises ValueError for an invalid vocabulary or words
    that the model cannot pronounce, NotReady without pocketsphinx."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._grammar = Grammar(vocabulary)
        self._decoders = [_decoder(scale) for scale in VOCAL_TRACT_SCALES]
        words = sorted(self._grammar.words)
        if unknown := [word for word in words if self._decoders[0].lookup_word(word) is None]:
            raise ValueError(f"not in pocketsphinx's dictionary: {', '.join(unknown)}")
        for decoder in self._decoders:
            _add_grammar(decoder, "wishes", self._grammar.jsgf, WIDE_BEAMS)
            _add_grammar(decoder, "english", _loop({*words, *OTHER_WORDS}), NARROW_BEAMS)

    def recognize(self, pcm: bytes, rate: int = SAMPLE_RATE) -> Recognition | None:
        """Return the wish in `pcm`, one channel of 16 bit; None if there is none."""
        return self.understood(*self.weighed(resampled(pcm, rate, SAMPLE_RATE)))

    def understood(self, words: str, margin: float) -> Recognition | None:
        """Return the recognition of the words and the margin of `weighed`; None if it is
        unlikely."""
        slots = self._grammar.slots(words)
        confidence = 1 / (1 + math.exp(min(50.0, (SCORE_MIDDLE - margin) / SCORE_SPREAD)))
        return (
            Recognition(words, slots, confidence) if slots and confidence >= CONFIRM_BELOW else None
        )

    def weighed(self, pcm: bytes) -> tuple[str, float]:
        """Return the wish in `pcm` at SAMPLE_RATE, and its margin: the score above that of any
        English words, per frame."""
        if _loudest(pcm) < FAINT_LEVEL:
            return "", -math.inf
        decodings = [(_decode(decoder, "wishes", pcm), decoder) for decoder in self._decoders]
        wish, decoder = max(decodings, key=lambda one: one[0].score)
        if wish.frames < SHORTEST_WORDS * FEATURE_FRAMES_A_SECOND:
            return "", -math.inf
        return wish.words, (wish.score - _decode(decoder, "english", pcm).score) / wish.frames


def rms_level(pcm: bytes) -> float:
    """Return the root mean square of 16-bit `pcm`."""
    samples = array.array("h", pcm)
    return math.sqrt(sum(map(mul, samples, samples)) / max(1, len(samples)))


def _loudest(pcm: bytes, size: int = 2 * SAMPLE_RATE // 50) -> float:
    return max(
        (rms_level(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)), default=0
    )


FEATURE_FRAMES_A_SECOND = 100
"""Feature frames of pocketsphinx per second."""


@dataclass(frozen=True, slots=True)
class _Decoding:
    """Best path of a search. `frames` counts the frames of words, without silence."""

    words: str
    score: float
    frames: int


def _decoder(scale: float) -> Any:  # noqa: ANN401
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise NotReady(*map(_, NO_POCKETSPHINX)) from error
    warped = {"warp_type": "inverse_linear", "warp_params": str(scale)}
    decoder = Decoder(lm=None, loglevel="FATAL", **warped, **DECODER_OPTIONS)
    # the model's own settings override those above; see noise_gate.py
    decoder.config["remove_noise"] = False
    decoder.reinit_feat()
    return decoder


def _add_grammar(decoder: Any, name: str, jsgf: str, beams: Mapping[str, float]) -> None:  # noqa: ANN401
    for beam, width in beams.items():
        decoder.config[beam] = width  # a search keeps the beams of its creation
    decoder.add_jsgf_string(name, jsgf)


def _loop(words: Iterable[str]) -> str:
    either = " | ".join(sorted(words))
    return f"#JSGF V1.0;\ngrammar english;\npublic <english> = ({either})+;\n"


def _decode(decoder: Any, search: str, pcm: bytes) -> _Decoding:  # noqa: ANN401
    decoder.activate_search(search)
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    if hypothesis is None:
        return _Decoding("", -math.inf, 0)
    spoken = [part for part in decoder.seg() if part.word[0] not in "<[("]
    frames = sum(part.end_frame - part.start_frame + 1 for part in spoken)
    return _Decoding(hypothesis.hypstr, decoder.get_logmath().log(hypothesis.score), frames)


class RecognizerProcess:
    """A Recognizer in a process of its own."""

    def __init__(self, child: ChildProcess) -> None:
        self._child = child
        self._last_request = 0
        self._lock = asyncio.Lock()

    async def recognize(self, pcm: bytes, rate: int = SAMPLE_RATE) -> Recognition | None:
        """Return the wish in `pcm`, None if there is none. Raises NotReady if the process has
        ended."""
        async with self._lock:
            self._last_request += 1
            request = {"number": self._last_request, "bytes": len(pcm), "rate": rate}
            answer = await self._exchange(request, pcm)
            while answer["number"] != self._last_request:  # an answer to a cancelled request
                answer = await self._read()
        return Recognition(**answer["recognition"]) if answer["recognition"] else None

    async def close(self) -> None:
        await self._child.end()

    async def begin(self, vocabulary: Vocabulary) -> None:
        """Start the recogniser of a vocabulary. Raises the errors of Recognizer."""
        answer = await self._exchange(vocabulary)
        match answer["trouble"]:
            case "ValueError":
                raise ValueError(answer["why"])
            case "NotReady":
                raise NotReady(*map(_, NO_POCKETSPHINX))

    async def _exchange(self, request: object, pcm: bytes = b"") -> Any:  # noqa: ANN401
        await self._child.write_json(request, pcm)
        return await self._read()

    async def _read(self) -> Any:  # noqa: ANN401
        try:
            return await self._child.read_json()
        except EOFError as error:
            raise NotReady(_("the ear was lost"), _("begin again")) from error


async def open_recognizer(vocabulary: Vocabulary) -> RecognizerProcess:
    """Start the recogniser of a vocabulary. Raises the errors of Recognizer."""
    recognizer = RecognizerProcess(
        await ChildProcess.start(python_module("duotui.speech.recognizer"))
    )
    try:
        await recognizer.begin(vocabulary)
    except BaseException:
        await recognizer.close()
        raise
    return recognizer


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests, in the child. A vocabulary, a line of JSON, is answered by its error, if
    any. Then each line with PCM is answered by a recognition."""

    def answer(**fields: object) -> None:
        answers.write(json.dumps(fields).encode() + b"\n")
        answers.flush()

    try:
        recognizer = Recognizer(json.loads(requests.readline()))
    except (ValueError, NotReady) as error:
        answer(trouble=type(error).__name__, why=str(error))
        return
    answer(trouble="", why="")
    while line := requests.readline():
        request = json.loads(line)
        recognition = recognizer.recognize(requests.read(request["bytes"]), request["rate"])
        answer(
            number=request["number"], recognition=recognition and dataclasses.asdict(recognition)
        )


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
