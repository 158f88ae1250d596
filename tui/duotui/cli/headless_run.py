"""Generate one story without a screen: the story goes to stdout, the numbers to stderr."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from duotui.base import oscompat
from duotui.base.errors import (
    Cancelled,
    Differs,
    DuotuiError,
    LinkBroken,
    NotReady,
    of_status,
)
from duotui.base.files import check_writable, reported
from duotui.base.json_text import json_text
from duotui.base.translation import gettext as _
from duotui.cli.run_summary import numbers, speech, summary, write_ids
from duotui.link.connection import ANSWER_TIMEOUT, OPEN_TIMEOUT, RECONNECT_TIMEOUT
from duotui.protocol import events
from duotui.protocol.events import Batch, EndReason, Source, SpeechEndReason
from duotui.protocol.request import Mode, Request, available_mode
from duotui.session.session import Session
from duotui.session.state import SessionState


@dataclass(frozen=True, slots=True)
class TellOptions:
    request: Request
    mode_is_named: bool = False
    """True if the user named the mode, which then is not replaced by another one."""
    check: bool = False
    as_json: bool = False
    ids: Path | None = None
    record: Path | None = None
    speak: bool = False


class HeadlessRun:
    """Follow one session until its story has ended, and print as it goes."""

    def __init__(self, session: Session, options: TellOptions, out: TextIO, err: TextIO) -> None:
        self._session, self._options, self._out, self._err = session, options, out, err
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._away = ""
        self._requested = False
        session.subscribe(self._on_events)

    async def run(self) -> None:
        """Run until the story has ended. Raises the DuotuiError whose exit status applies."""
        options = self._options
        if options.record is not None:
            self._session.record(options.record)
        if options.ids is not None:
            with reported(
                options.ids, _("cannot be written")
            ):  # fail before the story, not after it
                check_writable(options.ids)
        with oscompat.on_signals(oscompat.INTERRUPTS, lambda: self._end(Cancelled(_("stopped")))):
            await self._follow()
        self._raise_failure(self._session.state)

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(OPEN_TIMEOUT, self._unanswered)
        try:
            self._session.open()
            await self._done
        finally:
            self._deadline.cancel()
            await self._session.close()
            state = self._session.state
            if state.board.run is not None:
                self._finish(state)

    def _on_events(self, state: SessionState, batch: Batch) -> None:
        try:
            for event in batch:
                if event.source is Source.BOARD:
                    self._on_board_event(event)
                elif isinstance(event, events.LinkLost | events.Fault) and self._options.check:
                    reason = event.reason if isinstance(event, events.LinkLost) else event.text
                    self._end(NotReady(_("no baseline: {reason}", reason=reason), event.hint))
            # The stats of the whole story arrive after its end.
            if (
                state.board.over
                and state.board.idle
                and (not self._options.check or state.baseline.over)
            ):
                self._speak_or_end(state)
        except DuotuiError as error:
            self._end(error)

    def _speak_or_end(self, state: SessionState) -> None:
        """End the run after a complete story, and after its speech if `speak` is set."""
        if not self._options.speak or state.board.speech_ended is not None:
            self._end(None)
        elif state.board.speech is None and not self._done.done():
            self._session.speak()

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def _on_board_event(self, event: events.Event) -> None:
        match event:
            case events.Tokens(tokens=tokens) if not self._options.as_json:
                self._write("".join(token.text for token in tokens))
            case events.LinkUp() | events.LinkSilent() if not self._away:
                self._extend_deadline(ANSWER_TIMEOUT)
            case events.LinkReconnecting(reason=reason):
                if not self._away:
                    self._extend_deadline(RECONNECT_TIMEOUT)
                self._away = reason
                self._note(_("{reason}; waiting for it", reason=reason))
            case events.LinkResponding() if self._session.state.board.ready is None:
                pass  # something answers, but no agent yet
            case events.LinkResponding() | events.Ready():
                self._deadline.cancel()
                if self._away:
                    self._note(_("it is back"))
                self._away = ""
                if isinstance(event, events.Ready) and not self._requested:
                    self._generate(event.modes)
            case events.LinkLost(reason=reason, hint=hint, status=status):
                self._end(of_status(status)(reason, hint))
            case events.RecordingFailed(text=text, hint=hint):
                self._note(f"{text}; {hint}")
            case events.Fault(text=text, hint=hint, status=status):
                self._end(of_status(status)(text, hint))

    def _generate(self, modes: Sequence[Mode]) -> None:
        """Request the story, in the engine's best mode if the user named none."""
        request, self._requested = self._options.request, True
        mode = request.mode
        if not self._options.mode_is_named:
            mode = available_mode(mode, modes)
        if mode is not request.mode:
            self._note(
                _(
                    "this model has no mode {wanted}; {mode} tells instead",
                    wanted=request.mode,
                    mode=mode,
                )
            )
        self._session.generate(replace(request, mode=mode))

    def _extend_deadline(self, seconds: float) -> None:
        """Give the board `seconds` from now to answer."""
        self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._unanswered)

    def _note(self, text: str) -> None:
        print(f"duotui: {text}", file=self._err)

    def _unanswered(self) -> None:
        board = self._session.state.board
        if self._away:
            self._end(
                LinkBroken(
                    self._away,
                    _(
                        "it did not come back in {count:.0f} seconds",
                        count=RECONNECT_TIMEOUT,
                    ),
                )
            )
        elif board.ready is None:
            self._end(
                NotReady(
                    _("no engine answers on {target}", target=board.target),
                    _("duotui doctor says why"),
                )
            )
        else:
            self._end(
                LinkBroken(
                    _("the engine on {target} has stopped answering", target=board.target),
                    _("restart it"),
                )
            )

    def _end(self, error: DuotuiError | None) -> None:
        if not self._done.done():
            if error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(error)

    def _finish(self, state: SessionState) -> None:
        board, options = state.board, self._options
        if options.as_json:
            self._write(json_text(summary(state)))
        elif board.text and not board.text.endswith("\n"):
            self._write("\n")
        if options.ids is not None and board.run is not None:
            write_ids(options.ids, board)
        print(numbers(state), file=self._err)
        if board.speech_ended is not None:
            print(speech(board.speech_ended), file=self._err)

    def _raise_failure(self, state: SessionState) -> None:
        if state.board.ended and state.board.ended.reason is EndReason.FAILED:
            raise LinkBroken(_("the engine failed in the middle of the story"), _("tell it again"))
        speech_end = state.board.speech_ended
        if speech_end is not None and speech_end.silence is not SpeechEndReason.DONE:
            raise NotReady(
                _(
                    "not said aloud to its end: {trouble}",
                    trouble=speech_end.trouble or speech_end.silence,
                )
            )
        if self._options.check and not state.diff.identical:
            raise Differs(
                _("the story differs from the baseline at token {first}", first=state.diff.first)
            )
