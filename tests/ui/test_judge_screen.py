"""Judge screen: its display and its keys."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.app import App
from textual.widgets import Static

from duotui.base import resources
from duotui.base.errors import NoDevice, NotReady
from duotui.base.translation import use_language
from duotui.judge.multi_board import MultiBoardSession
from duotui.judge.options import JudgeOptions
from duotui.judge.session import JudgeSession, Phase
from duotui.judge.session_factory import replayed_session
from duotui.protocol.events import LinkReconnecting
from duotui.protocol.request import Request
from duotui.scoring.machine_conditions import parse_conditions
from duotui.scoring.rival_run import rival
from duotui.scoring.verdict import Verdict
from duotui.session.recording import Recording
from duotui.session.state import SessionState, reduce
from duotui.settings.config_file import Settings
from duotui.ui.app import ConsoleApp
from duotui.ui.glyphs import UNICODE_GLYPHS
from duotui.ui.judge_text import lanes
from duotui.ui.widgets.agreement_strip import FORCED, NOT_YET, OTHER, SAME, AgreementStrip
from duotui.ui.widgets.candidate_table import CandidateTable
from support import scripted_judge, scripted_session
from support.chinese import english_on
from support.conditions import DUO_CONDITIONS
from support.paths import VECTORS
from support.scripted_judge import ScriptedJudgeSession
from support.scripted_session import BOARD, STORY_TEXT, words

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40), (200, 60)]


def view(
    session: JudgeSession | MultiBoardSession,
    settings: Settings | None = None,
    *,
    ascii: bool = False,  # noqa: A002
) -> ConsoleApp:
    app = ConsoleApp(None, settings or Settings(), ascii=ascii, judge_session=session)
    app.animation_level = "none"
    return app


def looking() -> ScriptedJudgeSession:
    session = ScriptedJudgeSession()
    session.phase, session.baseline = Phase.LOOKING, None
    return session


def away() -> ScriptedJudgeSession:
    session = scripted_judge.running()
    session.emit(LinkReconnecting(2.0, BOARD, "/dev/ttyACM0 was lost"))
    return session


def racing(phase: Phase = Phase.RUNNING) -> ScriptedJudgeSession:
    """Session against the same story, six times as slow, and another from a point on."""
    session = scripted_judge.running() if phase is Phase.RUNNING else scripted_judge.judged(40)
    rival_pieces = words(STORY_TEXT)
    rival_pieces[7] = " big"
    slow = SessionState()
    for event in (
        *scripted_session.ready(),
        *scripted_session.story(BOARD, rival_pieces, period=246_000),
        scripted_session.ended(BOARD, len(rival_pieces)),
        scripted_session.gauges(BOARD, 9, idle=True)[0],
    ):
        slow = reduce(slow, event)
    session.options = replace(session.options, rival=rival("llama2.c, recorded", [slow]))
    return session


def fallback() -> ScriptedJudgeSession:
    session = scripted_judge.running()
    session.script.note = "RECORDING of 2026-11-26 00:58: the board is not here (it was unplugged)"
    return session


SCRIPTS: dict[str, Callable[[], ScriptedJudgeSession]] = {
    "looking": looking,
    "telling": scripted_judge.running,
    "away": away,
    "recording": fallback,
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


def boards() -> MultiBoardSession:
    """Boards in five states: one generates, one is away, one is judged, one differs, one is
    missing."""
    sessions = [
        scripted_judge.running(),
        away(),
        scripted_judge.judged(),
        scripted_judge.running(20),
        looking(),
    ]
    sessions[3].baseline = scripted_judge.baseline(
        words(STORY_TEXT.replace("cat", "dog").replace("big", "red"))
    )
    sessions[4].refused = NoDevice("there is no port /dev/ttyACM4", "duotui devices lists them")
    for number, session in enumerate(sessions):
        session.options = replace(session.options, target=f"/dev/ttyACM{number}")
    return MultiBoardSession(sessions)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_boards(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(view(boards()), terminal_size=size)


SAID = """RECORDING of; it was unplugged; llama2.c, recorded; was lost; there is no port;
the board is not here; butterfly; xxxx; duotui devices lists them; the simulated Duo;
word3; word4; word5; word6; word7; word8; word9; word10"""
"""What the scripts say in place of the program."""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("script", ["telling", "other"])
def test_chinese(snap_compare: Compare, script: str, size: tuple[int, int]) -> None:
    use_language("zh")
    assert snap_compare(view(SCRIPTS[script]()), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("script", [*SCRIPTS, "boards"])
async def test_no_english_is_left(script: str, size: tuple[int, int]) -> None:
    use_language("zh")
    app = view(boards() if script == "boards" else SCRIPTS[script]())
    assert await english_on(app, size, told=f"{SAID} {STORY_TEXT}") == set()


def test_boards_ascii(snap_compare: Compare) -> None:
    assert snap_compare(view(boards(), ascii=True), terminal_size=(80, 24))


def text(app: App[None], selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


async def test_runs_are_shown_as_they_come() -> None:
    session = scripted_judge.running(runs=0)
    async with view(session).run_test(size=(120, 40)) as pilot:
        assert "run 1 of 30" in text(pilot.app, "#status")
        session.script.rates = scripted_judge.RATES[:7]
        session.emit()
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
    for session, first in ((racing(), True), (racing(Phase.OVER), False)):
        async with view(session).run_test(size=(120, 40)) as pilot:
            shown = pilot.app.screen.query_one("#rival")
            for expected in (first, not first, first):
                assert (shown.display, pilot.app.screen.query_one(CandidateTable).display) == (
                    expected,
                    not expected,
                )
                await pilot.press("b")
    async with view(scripted_judge.running()).run_test(size=(120, 40)) as pilot:
        await pilot.press("b", "space", ".")
        assert pilot.app.screen.query_one(CandidateTable).display


async def test_a_recording_is_held_and_stepped() -> None:
    recording = VECTORS / "recording-1.jsonl"
    options = JudgeOptions("", Request(), resources.MODEL, resources.TOKENIZER)
    session = replayed_session(Recording(recording), options)
    replay = session.replay
    assert replay is not None
    async with view(session).run_test(size=(120, 40)) as pilot:
        while not replay.going:
            await pilot.pause()
        await pilot.press("space")
        assert not replay.going
        await pilot.press("space")
        assert replay.going


async def test_s_ends_the_runs_and_only_them() -> None:
    for session, requests in (
        (scripted_judge.running(), ["stopped by the judge"]),
        (scripted_judge.judged(), []),
    ):
        async with view(session).run_test() as pilot:
            await pilot.press("s")
            assert session.script.requests == requests


async def test_w_saves_the_report(tmp_path: Path) -> None:
    session = scripted_judge.judged()
    saved: list[Verdict] = []

    def save(verdict: Verdict) -> Path:
        saved.append(verdict)
        return tmp_path

    async with view(session).run_test(size=(80, 24)) as pilot:
        await pilot.press("w")
        session.save_report = save
        await pilot.press("w")
        await pilot.pause()
        notices = [notice.message for notice in pilot.app._notifications]
    assert saved == [session.verdict]
    assert notices == ["there is no run to report yet", f"The report is in {tmp_path}"]


async def test_what_is_no_contests_run_is_in_the_headline() -> None:
    session = scripted_judge.judged()
    assert session.verdict is not None
    assert session.verdict.ready is not None
    session.verdict = replace(
        session.verdict, before=replace(parse_conditions(DUO_CONDITIONS), machine="x86_64")
    )
    async with view(session).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = text(pilot.app, "#status")
    assert "! this computer, no Duo" in shown
    assert "! not stories15M" in shown


async def test_what_was_wrong_before_the_first_run_is_said() -> None:
    session = looking()
    session.refused = NotReady("the result would be void: swap is on", "duotui doctor")
    async with view(session).run_test(size=(80, 24)) as pilot:
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
    session = racing()
    _, _, lane, *_ = lanes(session.state, session.shown, session.options.rival)
    seconds = session.state.board.tokens[-1].clock / 1e6
    assert lane.told == sum(
        400_000 + n * 246_000 + 3000 * round(3 * math.sin(n / 5)) <= seconds * 1e6
        for n in range(len(words(STORY_TEXT)))
    )
    assert 0 < lane.told < 15


def test_all_lanes_run_by_the_boards_clock() -> None:
    session = scripted_judge.running(count=60)
    ours, mean, roof, slow, fast = lanes(session.state, session.shown)
    seconds = (session.state.board.tokens[-1].clock) / 1e6
    assert (ours.told, ours.limit) == (60, scripted_judge.STEP_LIMIT)
    assert roof.told == scripted_judge.STEP_LIMIT  # it would have ended by now
    assert slow.told == pytest.approx(0.36035 * seconds)
    assert fast.told == pytest.approx(24.302522 * seconds)
    assert mean.told == pytest.approx(mean.rate * seconds)
    assert len(words(STORY_TEXT)) < scripted_judge.STEP_LIMIT
