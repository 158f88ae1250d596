"""The judge's view: what it shows, and what can be asked of it."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.app import App
from textual.widgets import Static

from duotui.base import resources
from duotui.base.errors import NoDevice, NotReady
from duotui.judge.multi_board import MultiBoardSession
from duotui.judge.replayed_session import ReplayedJudgeSession
from duotui.judge.session import JudgeOptions, Phase
from duotui.protocol.events import LinkReconnecting, Request
from duotui.scoring.rival_run import rival
from duotui.session.state import SessionState, reduce
from duotui.settings.config_file import Settings
from duotui.ui.app import ConsoleApp
from duotui.ui.glyphs import UNICODE_GLYPHS
from duotui.ui.judge_text import lanes
from duotui.ui.widgets.agreement_strip import FORCED, NOT_YET, OTHER, SAME, AgreementStrip
from duotui.ui.widgets.choices import CandidateTable
from support import scripted_judge, scripted_session
from support.paths import VECTORS
from support.scripted_judge import ScriptedJudgeSession
from support.scripted_session import BOARD, TALE, words

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40), (200, 60)]


def view(
    court: ScriptedJudgeSession | MultiBoardSession | ReplayedJudgeSession,
    settings: Settings | None = None,
    *,
    ascii: bool = False,  # noqa: A002
) -> ConsoleApp:
    app = ConsoleApp(None, settings or Settings(), ascii=ascii, court=court)
    app.animation_level = "none"
    return app


def looking() -> ScriptedJudgeSession:
    made = ScriptedJudgeSession()
    made.stage, made.baseline = Phase.LOOKING, None
    return made


def away() -> ScriptedJudgeSession:
    made = scripted_judge.telling()
    made.say(LinkReconnecting(2.0, BOARD, "/dev/ttyACM0 was lost"))
    return made


def racing(stage_: Phase = Phase.RUNNING) -> ScriptedJudgeSession:
    """Against the same story, told six times as slowly, and another from a point on."""
    made = scripted_judge.telling() if stage_ is Phase.RUNNING else scripted_judge.judged(40)
    theirs = words(TALE)
    theirs[7] = " big"
    slow = SessionState()
    for event in (
        *scripted_session.ready(),
        *scripted_session.story(BOARD, theirs, period=246_000),
        scripted_session.ended(BOARD, len(theirs)),
        scripted_session.gauges(BOARD, 9, idle=True)[0],
    ):
        slow = reduce(slow, event)
    made.options = replace(made.options, rival=rival("llama2.c, recorded", [slow]))
    return made


def understudy() -> ScriptedJudgeSession:
    made = scripted_judge.telling()
    made.note = "RECORDING of 2026-11-26 00:58: the board is not here (it was unplugged)"
    return made


SCRIPTS: dict[str, Callable[[], ScriptedJudgeSession]] = {
    "looking": looking,
    "telling": scripted_judge.telling,
    "away": away,
    "recording": understudy,
    "racing": racing,
    "judged": scripted_judge.judged,
    "other": lambda: scripted_judge.judged(40, 41, 77),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("script", SCRIPTS)
def test_judge(snap_compare: Compare, script: str, size: tuple[int, int]) -> None:
    assert snap_compare(view(SCRIPTS[script]()), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_ascii(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(view(scripted_judge.judged(40), ascii=True), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", ["duo-light", "high-contrast", "colour-safe"])
def test_theme(snap_compare: Compare, theme: str, size: tuple[int, int]) -> None:
    app = view(scripted_judge.judged(40), Settings(theme=theme))
    assert snap_compare(app, terminal_size=size)


def jury() -> MultiBoardSession:
    """One tells, one is away, one is judged, one tells another story, one is not there."""
    courts = [
        scripted_judge.telling(),
        away(),
        scripted_judge.judged(),
        scripted_judge.telling(20),
        looking(),
    ]
    courts[3].baseline = scripted_judge.baseline(
        words(TALE.replace("cat", "dog").replace("big", "red"))
    )
    courts[4].refused = NoDevice("there is no port /dev/ttyACM4", "duotui devices lists them")
    for number, court in enumerate(courts):
        court.options = replace(court.options, target=f"/dev/ttyACM{number}")
    return MultiBoardSession(courts)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_jury(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(view(jury()), terminal_size=size)


def test_jury_ascii(snap_compare: Compare) -> None:
    assert snap_compare(view(jury(), ascii=True), terminal_size=(80, 24))


def text(app: App[None], selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


async def test_runs_are_shown_as_they_come() -> None:
    court = scripted_judge.telling(runs=0)
    async with view(court).run_test(size=(120, 40)) as pilot:
        assert "run 1 of 30" in text(pilot.app, "#status")
        court.rates = scripted_judge.RATES[:7]
        court.say()
        await pilot.pause()
        assert "run 8 of 30" in text(pilot.app, "#status")
        assert "the same story, 7 of 7 runs" in text(pilot.app, "#facts")


async def test_keys_walk_over_the_tokens_and_find_the_others() -> None:
    async with view(scripted_judge.judged(40, 77)).run_test(size=(120, 40)) as pilot:
        strip = pilot.app.screen.query_one(AgreementStrip)
        choices = pilot.app.screen.query_one(CandidateTable)
        await pilot.press("n")
        assert strip.chosen == 40
        assert "token 41: the board told" in str(choices.render())
        assert "butterfly" in str(choices.render())
        await pilot.press("n", "n")
        assert strip.chosen == 40
        await pilot.press("left", "left", "right")
        assert strip.chosen == 39
        await pilot.click(AgreementStrip, offset=(1, 1))
        assert strip.chosen == 0
        await pilot.press("left")
        assert strip.chosen == 0


async def test_b_changes_between_the_rival_and_the_choices() -> None:
    for court, first in ((racing(), True), (racing(Phase.OVER), False)):
        async with view(court).run_test(size=(120, 40)) as pilot:
            shown = pilot.app.screen.query_one("#rival")
            for wanted in (first, not first, first):
                assert (shown.display, pilot.app.screen.query_one(CandidateTable).display) == (
                    wanted,
                    not wanted,
                )
                await pilot.press("b")
    async with view(scripted_judge.telling()).run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "space", ".")
        assert pilot.app.screen.query_one(CandidateTable).display


async def test_a_recording_is_held_and_stepped() -> None:
    recording = VECTORS / "recording-1.jsonl"
    options = JudgeOptions("", Request(), resources.MODEL, resources.TOKENIZER)
    court = ReplayedJudgeSession(recording, options, speed=1.0)
    async with view(court).run_test(size=(120, 40)) as pilot:
        while not court.player.going:
            await pilot.pause()
        await pilot.press("space")
        assert not court.player.going
        await pilot.press("space")
        assert court.player.going


async def test_s_ends_the_runs_and_only_them() -> None:
    for court, asked in (
        (scripted_judge.telling(), ["stopped by the judge"]),
        (scripted_judge.judged(), []),
    ):
        async with view(court).run_test() as pilot:
            await pilot.press("s")
            assert court.asked == asked


async def test_what_was_wrong_before_the_first_run_is_said() -> None:
    court = looking()
    court.refused = NotReady("the result would be void: swap is on", "duotui doctor")
    async with view(court).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "swap is on" in text(pilot.app, "#banner")


def test_the_strip_hides_no_difference_however_narrow() -> None:
    strip = AgreementStrip(UNICODE_GLYPHS)
    strip.show([FORCED] * 4 + [SAME] * 996 + [OTHER] + [SAME] * 500 + [NOT_YET] * 500)
    cells = [strip._cell(at, 30) for at in range(30)]
    assert cells.count(OTHER) == 1
    assert cells[-1] == NOT_YET
    assert len(cells) == 30


def test_a_rival_runs_token_by_token_not_at_its_mean() -> None:
    court = racing()
    _, _, lane, *_ = lanes(court.state, court.so_far, court.options.rival)
    seconds = court.state.board.tokens[-1].clock / 1e6
    assert lane.told == sum(
        400_000 + n * 246_000 + 3000 * round(3 * math.sin(n / 5)) <= seconds * 1e6
        for n in range(len(words(TALE)))
    )
    assert 0 < lane.told < 15


def test_all_lanes_run_by_the_boards_clock() -> None:
    court = scripted_judge.telling(told=60)
    ours, mean, roof, slow, fast = lanes(court.state, court.so_far)
    seconds = (court.state.board.tokens[-1].clock) / 1e6
    assert (ours.told, ours.limit) == (60, scripted_judge.LIMIT)
    assert roof.told == scripted_judge.LIMIT  # it would have ended by now
    assert slow.told == pytest.approx(0.36035 * seconds)
    assert fast.told == pytest.approx(24.302522 * seconds)
    assert mean.told == pytest.approx(mean.rate * seconds)
    assert len(words(TALE)) < scripted_judge.LIMIT
