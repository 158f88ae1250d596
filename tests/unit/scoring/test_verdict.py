"""Verdict of thirty runs, and its report."""

import html
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import pytest

from duotui.base.translation import use_language
from duotui.protocol.events import Ready, Source
from duotui.protocol.request import Mode, Request
from duotui.report.html import html_report
from duotui.report.markdown import markdown_report
from duotui.scoring.machine_conditions import parse_conditions as conditions
from duotui.scoring.mistake import GrammarMistake
from duotui.scoring.roofline import BandwidthSweep, Roofline
from duotui.scoring.run import Run, SpeechTiming
from duotui.scoring.teacher_forcing import Agreement, ForcedStep, TokenCandidate, parse_steps
from duotui.scoring.verdict import Baseline, Verdict, word_diff
from duotui.scoring.verdict_json import to_json
from support.chinese import english
from support.conditions import DUO_CONDITIONS

STORY_TEXT = "A cat sat. It was <b>happy</b> & warm | so."
IDS = (5, 6, 7, 8)
ROOF = Roofline(BandwidthSweep(((16384, 4e9), (2**23, 900e6)), 400e6, 1e9), 16.4e6)
READY_STATE = Ready(
    0,
    Source.BOARD,
    version="0.1.0",
    model="stories15M.duo",
    machine="riscv64 c906",
    model_hash="aa" * 32,
    tokenizer_hash="bb" * 32,
    modes=tuple(Mode),
    vocabulary=32000,
    context=256,
    parameters=15_191_712,
    boot=1,
)


def run(index: int = 0, **changes: object) -> Run:
    usual = Run(
        counted=True,
        ids=IDS,
        text=STORY_TEXT,
        rate=25.0 + index % 4 / 10,
        first=0.3,
        peak=31_000,
        faults=0,
        probabilities=(0.5,) * 4,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def agreement(*predicted: int) -> Agreement:
    steps = tuple(
        ForcedStep(id_, other, math.log(2), (TokenCandidate(id_, 0.5, math.nan, "a"),))
        for id_, other in zip(IDS, predicted, strict=True)
    )
    return Agreement(steps, 1)


def good() -> Verdict:
    runs = (run(counted=False), *(run(index) for index in range(29)), run(rate=12.0))
    state = conditions(DUO_CONDITIONS)
    return Verdict(
        target="/dev/ttyACM0",
        request=Request(mode=Mode.EXACT),
        runs=runs,
        baseline=Baseline("mode reference", STORY_TEXT, IDS),
        ready=READY_STATE,
        before=state,
        after=state,
        agreement=agreement(*IDS),
        own=agreement(*IDS),
        speech=SpeechTiming(9, 1.25, 31.5),
        roof=ROOF,
        command=("duotui", "judge", "/dev/ttyACM0", "-s", "123", "-i", "Once upon a time"),
    )


def bad() -> Verdict:
    other = replace(
        good(),
        baseline=Baseline("mode reference", STORY_TEXT.replace("cat", "dog"), (5, 9, 7, 8)),
        agreement=agreement(5, 9, 7, 8),
        mistakes=(GrammarMistake(0, 1, "Rule", "wrong"),),
        baseline_mistakes=(),
    )
    return replace(other, void=("swap is on (/dev/zram0)",), trouble="stopped", disturbed=2)


def test_the_warm_up_does_not_count_and_the_rule_is_kept() -> None:
    verdict = good()
    assert (len(verdict.runs), len(verdict.counted)) == (31, 30)
    assert verdict.score is not None
    assert verdict.score.dropped == (29,)
    assert (verdict.identical, verdict.same, verdict.difference) == (True, 30, None)
    assert (verdict.doubt, verdict.repeatable) == (None, True)


def test_one_run_that_is_another_story_is_seen_and_located() -> None:
    verdict = good()
    odd = run(ids=(5, 6, 9, 8), text="A cat ran.")
    verdict = replace(verdict, runs=(*verdict.runs[:20], odd, *verdict.runs[21:]))
    assert (verdict.identical, verdict.same, verdict.difference) == (False, 29, 2)
    assert not verdict.repeatable


@pytest.mark.parametrize(
    ("ids", "where"),
    [((5, 6, 7), 3), ((5, 6, 7, 8, 9), 4), ((1, 6, 7, 8), 0), ((5, 6, 7, 8), None)],
)
def test_a_story_that_is_shorter_or_longer_is_another(
    ids: tuple[int, ...], where: int | None
) -> None:
    assert Baseline("", STORY_TEXT, IDS).difference(run(ids=ids)) == where
    assert Baseline("", STORY_TEXT, IDS).same(run(ids=ids)) == (where is None)


def test_text_is_compared_where_there_are_no_ids() -> None:
    recorded = Baseline("base.out.txt", STORY_TEXT + "\n")
    assert recorded.same(run())
    assert recorded.difference(run(text=STORY_TEXT.replace("sat", "ran"))) == 2


def test_a_board_that_thinks_otherwise_of_its_words_is_doubted() -> None:
    verdict = good()
    odd = replace(verdict.runs[0], probabilities=(0.1, 0.5, 0.4, 0.5))
    verdict = replace(verdict, runs=(odd, *verdict.runs[1:]))
    assert verdict.deviation == pytest.approx(math.log(0.5 / 0.4))
    assert verdict.doubt == 2
    assert replace(verdict, request=Request(mode=Mode.FAST)).doubt is None


def test_what_the_reference_says_is_read() -> None:
    steps = parse_steps("5 5 0.5 5:0.6::61 9:0.2::\n6 9 1.5 9:0.7:0.5:2062 6:0.2:0.25:e9\n", 0)
    assert steps.steps[1] == ForcedStep(
        6, 9, 1.5, (TokenCandidate(9, 0.7, 0.5, " b"), TokenCandidate(6, 0.2, 0.25, "�"))
    )
    assert (steps.agreed, steps.fraction, steps.nats) == (1, 0.5, 1.0)


def test_words_say_what_is_whose() -> None:
    differences = list(word_diff("a big cat sat here", "a big dog sat"))
    assert differences == [("=", "a big"), ("-", "dog"), ("+", "cat"), ("=", "sat"), ("+", "here")]


TOLD = f"""{STORY_TEXT} {"a" * 64} {"b" * 8} A dog sat. Once upon a time; Welcome to Milk-V Duo;
Baby LLaMA; Linux 5.10.4-tag-; riscv64 c906; 50a52ef8; zram0; swap is on; stopped; mode"""


@pytest.mark.parametrize("make", [good, bad], ids=["good", "bad"])
def test_a_chinese_report_has_no_english(make: Callable[[], Verdict]) -> None:
    use_language("zh")
    text = markdown_report(make())
    page = re.sub(r"<style>.*?</style>|<[^>]*>", " ", html_report(make()), flags=re.DOTALL)
    assert english(re.sub(r"`.*?`", "", text), TOLD) == set()
    assert english(html.unescape(page), f"{TOLD} judge") == set()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("make", [good, bad], ids=["good", "bad"])
def test_a_report_has_what_it_takes(make: object, language: str) -> None:
    use_language(language)
    verdict = make()  # type: ignore[operator]
    text = markdown_report(verdict)
    assert f"{verdict.score.mean:.6f}" in text
    assert f"{verdict.score.plain:.6f}" in text
    assert "-s 123 -i 'Once upon a time'" in text
    assert "aa" * 32 in text
    assert "55.3 MB" in text
    assert "12.000000 (x)" in text
    page = html_report(verdict)
    assert "<script" not in page
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", page)  # it loads nothing from elsewhere
    assert "<b>happy</b>" not in page
    for picture in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ET.fromstring(picture)
    assert page.count("<svg") == 3
    assert "54.88 tok/s (46%)" in text
    if verdict.void:
        assert "/dev/zram0" in text
        assert "/dev/zram0" in page
        assert "[- dog -] [+ cat +]" in text
        assert "1 (0)" in text


def test_json_is_plain_and_says_the_same() -> None:
    report = json.loads(json.dumps(to_json(bad()), allow_nan=False))
    assert report["score"]["dropped"] == [29]
    assert (report["correctness"]["identical"], report["correctness"]["first_difference"]) == (
        False,
        1,
    )
    assert report["correctness"]["agreement"] == pytest.approx(2 / 3)
    assert (report["void"], report["trouble"]) == (["swap is on (/dev/zram0)"], "stopped")
    assert len(report["runs"]) == 30
    assert report["conditions"]["before"]["swaps"] == []
    assert report["roofline"]["rate"] == pytest.approx(900 / 16.4)
    assert report["roofline"]["reads"] == [[16384, 4e9], [2**23, 900e6]]


def test_no_runs_are_reported_too() -> None:
    nothing = Verdict("sim", Request(), (), trouble="no engine answers")
    assert "no engine answers" in markdown_report(nothing)
    assert "no engine answers" in html_report(nothing)
    assert json.loads(json.dumps(to_json(nothing)))["score"] is None
