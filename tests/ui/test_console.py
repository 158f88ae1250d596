"""Display of the generated story: complete, unchanged, and without delaying the keys."""

from collections.abc import Sequence
from typing import Any

import pytest
from textual.widgets import Static

from duotui.protocol.events import EndReason, Fault, LinkLost, LinkSilent
from duotui.settings.config_file import Settings
from duotui.ui.widgets.rate_history import columns
from duotui.ui.widgets.story_view import StoryView
from support import scripted_session
from support.fixture_types import MakeConsole
from support.scripted_session import BASELINE, BOARD, ScriptedSession, words

HOSTILE_PIECES = [
    "she said [/x] hi",
    " [bold",
    "[@click=app.quit]x[/]",
    " \x1b[2J\x9b31m",
    " [red]",
    "{}%",
]


def written(view: StoryView) -> str:
    return "".join(view.lines)


async def test_a_story_that_grows_is_the_story_that_was_told(make: MakeConsole) -> None:
    pieces = words(scripted_session.STORY_TEXT)
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test(size=(120, 40)) as pilot:
        board = pilot.app.screen.query_one("#board", StoryView)
        assert "tells it" in written(board)
        at.emit(scripted_session.started(BOARD))
        for index in range(0, len(pieces), 7):
            at.emit(scripted_session.tokens(BOARD, pieces[index : index + 7], start=index))
            await pilot.pause()
        assert written(board) == scripted_session.STORY_TEXT.replace("\n", "")
        at.emit(scripted_session.started(BOARD), scripted_session.tokens(BOARD, ["Again"]))
        await pilot.pause()
        assert written(board) == "Again"


async def test_text_is_never_markup(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test(size=(120, 40)) as pilot:
        for source in (BOARD, BASELINE):
            at.emit(
                scripted_session.started(source, "[/x] [bold"),
                scripted_session.tokens(source, HOSTILE_PIECES),
            )
        at.emit(
            scripted_session.tokens(BOARD, ["[/x]"], start=6),
            scripted_session.tokens(BASELINE, ["[/y]"], start=6),
        )
        at.emit(Fault(3, BOARD, "[/no] such thing", "[bold"))
        await pilot.pause()
        text = written(pilot.app.screen.query_one("#board", StoryView))
        assert "[/x] hi [bold[@click=app.quit]x[/] �[2J�31m [red]{}%" in text
        assert "“[/x]”" in str(pilot.app.screen.query_one("#verdict", Static).render())
        at.emit(LinkLost(4, BOARD, "[/gone]", "[red"))
        await pilot.pause()
        assert "[/gone]. [red" in str(pilot.app.screen.query_one("#banner", Static).render())


async def test_the_difference_is_marked_in_both_texts_whenever_it_is_found(
    make: MakeConsole,
) -> None:
    at = ScriptedSession(*scripted_session.ready())
    async with make(at).run_test(size=(120, 40)) as pilot:
        at.emit(*scripted_session.story(BOARD, words("a big cat sat")))
        await pilot.pause()
        at.emit(*scripted_session.story(BASELINE, words("a big dog sat")))
        await pilot.pause()
        board = pilot.app.screen.query_one("#board", StoryView)
        assert written(board) == "a big [+cat] sat"
        assert written(pilot.app.screen.query_one("#baseline", StoryView)) == "a big [-dog] sat"
        kinds = [(span.text, span.kind) for span in board._wrapping.lines[0]]
        assert kinds[-2:] == [("[+cat]", "differs"), (" sat", "after")]


async def test_who_reads_above_is_not_pulled_down(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready(), scripted_session.started(BOARD))
    async with make(at).run_test(size=(80, 24)) as pilot:
        board = pilot.app.screen.query_one("#board", StoryView)
        at.emit(scripted_session.tokens(BOARD, words(scripted_session.STORY_TEXT) * 4))
        await pilot.pause()
        assert board.is_vertical_scroll_end
        await pilot.press("home")
        await pilot.pause()
        at.emit(
            scripted_session.tokens(
                BOARD,
                words(scripted_session.STORY_TEXT),
                start=len(words(scripted_session.STORY_TEXT)) * 4,
            )
        )
        await pilot.pause()
        assert board.scroll_offset.y == 0
        assert "more" in str(board.border_subtitle)
        await pilot.press("end")
        await pilot.pause()
        at.emit(
            scripted_session.tokens(
                BOARD,
                words(scripted_session.STORY_TEXT),
                start=len(words(scripted_session.STORY_TEXT)) * 5,
            )
        )
        await pilot.pause()
        assert board.is_vertical_scroll_end
        assert not board.border_subtitle


async def test_a_window_that_changes_breaks_the_lines_anew(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.identical_end())
    async with make(at).run_test(size=(80, 24)) as pilot:
        board = pilot.app.screen.query_one("#board", StoryView)
        for size in ((200, 60), (120, 40), (40, 10), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert written(board) == scripted_session.STORY_TEXT.replace("\n", "")
            assert max(map(len, board.lines)) <= min(81, size[0])


async def test_keys_get_their_turn_in_a_flood(make: MakeConsole) -> None:
    """The flood is 500 tok/s in batches, without the screen's own pauses between them. A key
    pressed in the middle is handled before its end."""
    at = ScriptedSession(*scripted_session.ready(), scripted_session.started(BOARD, steps=20_000))
    shown = 0
    async with make(at).run_test(size=(120, 40)) as pilot:
        for index in range(0, 1000, 5):
            at.emit(scripted_session.tokens(BOARD, [" word"] * 5, start=index))
            if index % 250 == 0:
                at.requests.clear()
                await pilot.press("space")
                assert at.requests == ["pause"]
                shown += 1
        assert shown == 4
        await pilot.pause()
        assert written(pilot.app.screen.query_one("#board", StoryView)).count("word") == 1000


async def test_batches_wait_in_one_message(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready(), scripted_session.started(BOARD))
    async with make(at).run_test() as pilot:
        messages = 0
        screen = pilot.app.screen
        show = screen._show  # type: ignore[attr-defined]

        def count() -> None:
            nonlocal messages
            messages += 1
            show()

        screen._show = count  # type: ignore[attr-defined]
        for index in range(1000):
            at.emit(scripted_session.tokens(BOARD, [" word"], start=index))
        await pilot.pause()
        assert messages <= 2


async def test_ten_thousand_tokens_cost_no_more_at_the_end_than_at_the_start(
    make: MakeConsole,
) -> None:
    at = ScriptedSession(*scripted_session.ready(), scripted_session.started(BOARD, steps=10_000))
    async with make(at).run_test(size=(200, 60)) as pilot:
        board = pilot.app.screen.query_one("#board", StoryView)
        wrapped = 0
        append = type(board._wrapping)._break

        def count(self: object, spans: Sequence[Any]) -> object:
            nonlocal wrapped
            wrapped += sum(len(span.text) for span in spans)
            return append(self, spans)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(board._wrapping), "_break", count)
            at.emit(scripted_session.tokens(BOARD, [" word"] * 9_990))
            await pilot.pause()
            before = wrapped
            at.emit(scripted_session.tokens(BOARD, [" word"] * 10, start=9_990))
            await pilot.pause()
            assert wrapped - before < 200
        assert written(board).count("word") == 10_000
        assert "10000 of 10000 tokens" in str(pilot.app.screen.query_one("#progress").render())


async def test_silence_and_faults_are_said(make: MakeConsole) -> None:
    at = ScriptedSession(*scripted_session.ready())
    app = make(at)
    async with app.run_test() as pilot:
        at.emit(LinkSilent(2, BOARD, 1.0), Fault(2, BOARD, "the prompt is too long", "cut it"))
        await pilot.pause()
        assert "? silent" in str(app.screen.query_one("#status", Static).render())
        assert [n.message for n in app._notifications] == ["the prompt is too long\ncut it"]


async def test_a_stopped_story_says_so(make: MakeConsole) -> None:
    at = ScriptedSession(
        *scripted_session.identical_so_far(), scripted_session.ended(BOARD, 60, EndReason.CANCELLED)
    )
    async with make(at).run_test() as pilot:
        assert "stopped" in str(pilot.app.screen.query_one("#progress").render())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("script", ["", "identical_so_far", "differing", "identical_end"])
async def test_ascii_is_ascii(make: MakeConsole, size: tuple[int, int], script: str) -> None:
    at = ScriptedSession(*(getattr(scripted_session, script)() if script else ()))
    app = make(at, ascii=True)
    async with app.run_test(size=size) as pilot:
        for keys in (
            (),
            ("question_mark",),
            ("escape", "o"),
            ("escape", "ctrl+p"),
            ("escape", "w"),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            drawn = "\n".join(strip.text for strip in strips)
            assert drawn.isascii(), sorted({c for c in drawn if not c.isascii()})


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (80, 6)])
async def test_a_tiny_window_is_no_error(make: MakeConsole, size: tuple[int, int]) -> None:
    async with make(ScriptedSession(*scripted_session.differing())).run_test(size=size) as pilot:
        await pilot.press("question_mark", "escape", "o", "escape")
        await pilot.pause()


@pytest.mark.parametrize("setting", ["auto", "on", "off"])
async def test_ascii_is_on_where_it_must_be(
    make: MakeConsole, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("TERM", "linux")
    app = make(ScriptedSession(), Settings(ascii=setting))
    assert app.has_class("-ascii") == (setting != "off")


def test_the_history_reaches_from_nothing_to_the_fastest() -> None:
    assert columns((0.0, 1.0, 2.0), 4, 1, " ▁▂▃▄▅▆▇█") == [" ▄█ "]
    assert columns((1.0, 2.0), 2, 2, " #") == [" #", "##"]
    assert columns((), 3, 1, " #") == ["   "]
    assert columns((9.0, 1.0), 1, 1, " #") == ["#"]
