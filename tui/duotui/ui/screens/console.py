"""Screen of the console: the story, the baseline beside it, and the gauges.

The session's state determines the view, and commands go to the session. The screen itself keeps
the next request, a request that waits for the engine, the Ready event of a lost link, and whether
a recording is paused.
"""

import random
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import Footer, Static

from duotui.base.translation import gettext as _
from duotui.protocol.events import Batch, Fault, Ready, RecordingFailed, Source
from duotui.protocol.request import Mode, Request, available_mode
from duotui.session.session import SessionProtocol
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.ui import gauge_text
from duotui.ui.bindings import commands
from duotui.ui.glyphs import Glyphs
from duotui.ui.hints import baseline_hint, can_speak, invitation, loss_hint
from duotui.ui.screens.console_bindings import CONSOLE_BINDINGS
from duotui.ui.screens.settings import SettingsScreen
from duotui.ui.screens.story_actions import StoryActionsScreen
from duotui.ui.widgets.gauges import Gauges
from duotui.ui.widgets.prompt_line import PromptHistory, PromptLine
from duotui.ui.widgets.status_line import Banner, StatusLine, VerdictLine
from duotui.ui.widgets.story_view import StoryView


class ConsoleScreen(StoryActionsScreen):
    AUTO_FOCUS = "#board"
    BINDINGS: ClassVar[list[BindingType]] = CONSOLE_BINDINGS

    class Settled(Message):
        """The user changed the settings of the next stories from `before` to `after`."""

        def __init__(self, before: Request, after: Request) -> None:
            super().__init__()
            self.before, self.after = before, after

    def __init__(
        self,
        session: SessionProtocol,
        request: Request,
        glyphs: Glyphs,
        *,
        first: Request | None = None,
    ) -> None:
        super().__init__(session)
        self._glyphs = glyphs
        self._request = first or request
        self._pending_request = first
        self._stale_ready: Ready | None = None
        self._faults: list[Fault | RecordingFailed] = []
        self._replay_paused = False

    def compose(self) -> ComposeResult:
        yield StatusLine(self._session, self._glyphs)
        with Container(id="main"):
            yield Gauges(self._glyphs)
            yield VerdictLine(self._glyphs)
            with Container(id="stories"):
                yield StoryView(Source.BOARD, self._glyphs, id="board")
                yield StoryView(Source.BASELINE, self._glyphs, id="baseline")
        yield Banner(self._glyphs)
        with Container(id="ask"):
            yield Static(">", id="ask-sign")
            yield PromptLine(self._request.prompt, PromptHistory())
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.query_one("#board", StoryView).border_title = _("Story")
        self.query_one("#baseline", StoryView).border_title = _("Baseline: plain fp32")
        self._session.subscribe(self._listen)
        self._session.open()
        self._show()

    # Session events

    def _listen(self, state: SessionState, batch: Batch) -> None:
        self._faults += [event for event in batch if isinstance(event, Fault | RecordingFailed)]
        self.post_news()

    def show_news(self) -> None:
        self._show()
        faults, self._faults = self._faults, []
        for fault in faults:
            self._show_message(fault.text, fault.hint, severity="error")
        if self._pending_request is not None and self._engine_ready:
            request, self._pending_request = self._pending_request, None
            self._generate(request)

    def _show(self) -> None:
        state, live = self._session.state, self._session.live
        if state.board.link.gone:
            self._stale_ready = state.board.ready
        with self.app.batch_update():
            self.query_one(StatusLine).show(state, self._note())
            self.query_one(Gauges).show(state, self._request)
            self.query_one(VerdictLine).show(state)
            self.query_one(Banner).show(state, loss_hint(state, self._key, live))
            story = self.query_one("#board", StoryView)
            if state.board.run is None:
                story.invite(
                    *invitation(
                        state=state,
                        request=self._request,
                        key=self._key,
                        glyphs=self._glyphs,
                        live=live,
                    )
                )
            story.show(state)
            baseline = self.query_one("#baseline", StoryView)
            baseline.invite(("invite", baseline_hint(state.baseline)))
            baseline.show(state)

    def _note(self) -> str:
        if self._pending_request is not None:
            return _("a story waits for the engine")
        if self._replay_paused:
            return _("held")
        board = self._session.state.board
        if can_speak(board) and board.speech is None:
            return _("{key} says it aloud", key=self._key("speak"))
        return gauge_text.speech(board)

    def _update_view(self) -> None:
        self._show()

    def _key(self, command: str) -> str:
        """Text of the current key of a command."""
        keys = (known.keys for known in commands(self) if known.binding.id == command)
        return next(keys, command).split(_(" or "))[0]

    # Actions

    @property
    def _engine_ready(self) -> bool:
        board = self._session.state.board
        current = board.ready is not None and board.ready is not self._stale_ready
        return current and board.link in (LinkState.UP, LinkState.SILENT)

    def _generate(self, request: Request) -> None:
        """Generate the story now, or as soon as the engine is ready."""
        if not self._live():
            return
        self._request = request
        if not self._engine_ready:
            self._pending_request = request
            if (link := self._session.state.board.link).gone or link is LinkState.CLOSED:
                self._stale_ready = self._session.state.board.ready
                self._session.open()
            self._show()
            return
        mode = available_mode(request.mode, self._modes())
        if mode is not request.mode:
            self._show_message(
                _(
                    "This engine has no {wanted} mode: {mode} tells instead",
                    wanted=request.mode,
                    mode=mode,
                )
            )
            self._request = request = replace(request, mode=mode)
        self._session.generate(request)

    def _modes(self) -> tuple[Mode, ...]:
        ready = self._session.state.board.ready
        return (ready.modes if ready else ()) or tuple(Mode)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "prompt":
            return not isinstance(self.focused, PromptLine)
        return super().check_action(action, parameters)

    def action_prompt(self) -> None:
        # `focus()` would take effect later, and the next key typed at once would miss the prompt.
        # The binding has priority for the same reason.
        self.set_focus(self.query_one(PromptLine))

    @on(PromptLine.Left)
    def _leave_prompt(self) -> None:
        self.set_focus(self.query_one("#board"))

    @on(PromptLine.Asked)
    def _prompt_asked(self) -> None:
        self._leave_prompt()
        self.action_tell()

    def action_tell(self) -> None:
        self._generate(replace(self._request, prompt=self.query_one(PromptLine).value))

    def action_stop(self) -> None:
        if not self._live():
            return
        if self._pending_request is not None:
            self._pending_request = None
            self._show()
        elif self._session.state.board.running or self._session.state.baseline.running:
            self._session.stop()
        elif self._session.state.board.speaking:
            self._session.stop_speaking()

    def action_pause(self) -> None:
        if not self._session.live:
            self._replay_paused = not self._replay_paused
            self._session.pause(self._replay_paused)
            self._show()
        elif self._session.state.board.running or self._session.state.baseline.running:
            self._session.pause(not self._session.state.board.paused)

    def action_step(self) -> None:
        if not self._session.live and self._replay_paused:
            self._session.step()

    def action_again(self) -> None:
        if not self._session.live:
            self._replay_paused = False
            self._session.open()
            self._show()
            return
        run = self._session.state.board.run
        if run is not None:
            self._generate(
                Request(
                    prompt=run.prompt,
                    mode=run.mode,
                    steps=run.steps,
                    temperature=run.temperature,
                    top_p=run.top_p,
                    seed=run.seed,
                )
            )
        elif (link := self._session.state.board.link).gone or link is LinkState.CLOSED:
            self._session.open()
        else:
            self.action_tell()

    def action_another(self) -> None:
        self._request = replace(self._request, seed=random.randrange(1, 2**32))
        self.action_tell()

    def action_settings(self) -> None:
        def settle(request: Request | None) -> None:
            if request is not None:
                self.post_message(self.Settled(self._request, request))
                self._request = request
                self._show()

        request = replace(self._request, prompt=self.query_one(PromptLine).value)
        self.app.push_screen(SettingsScreen(request, self._modes(), self._glyphs), settle)

    def action_baseline(self) -> None:
        self.toggle_class("-alone")
