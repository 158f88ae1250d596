"""Hints of the console: before the first story, and after a lost link. Pure."""

from collections.abc import Callable, Iterator

from duotui.base.text_width import right_aligned
from duotui.base.translation import gettext as _
from duotui.protocol.request import Request
from duotui.session.source_state import LinkState, SourceState
from duotui.session.state import SessionState
from duotui.ui.glyphs import Glyphs
from duotui.ui.status_text import why_missing

Key = Callable[[str], str]
"""Function that returns the current key of a command, as text."""


def loss_hint(state: SessionState, key: Key, live: bool) -> str:
    """Hint after a lost link: the next step, or the key that reconnects; "" without a loss."""
    board = state.board
    if board.link is LinkState.RECONNECTING and board.running:
        return _("The story goes on when it is back; {key} ends it.", key=key("stop"))
    if board.link is LinkState.RECONNECTING:
        return _("It is looked for.")
    if board.link is not LinkState.LOST:
        return ""
    if not live:
        return _("{key} plays it again.", key=key("again"))
    if board.run is not None:
        return _("{key} connects and tells the story again.", key=key("again"))
    return _("{key} connects again.", key=key("again"))


def baseline_hint(baseline: SourceState) -> str:
    """Text in place of the baseline's story."""
    if baseline.link.gone:
        return _("No story is told here: {baseline}.", baseline=why_missing(baseline))
    return _(
        "The unquantised model tells the same story here, token by token, so "
        "that you can see whether a word was changed."
    )


def can_speak(board: SourceState) -> bool:
    """True if the run has ended with a text, and the board has text-to-speech and is connected."""
    voice = board.ready is not None and board.ready.voice
    return voice and board.link is LinkState.UP and board.ended is not None and board.text != ""


def invitation(
    state: SessionState, request: Request, key: Key, glyphs: Glyphs, live: bool
) -> Iterator[tuple[str, str]]:
    """Styles and texts that are shown before the first story."""
    if not live:
        yield "invite", _("A recording. The story begins in a moment.")
        return
    ready = state.board.link is LinkState.UP and state.board.ready is not None
    go = _("tells it") if ready else _("tells it as soon as the engine answers")
    quote = glyphs.quote(request.prompt) if request.prompt else _("from nothing")
    yield "told", _("Once upon a time, on a board for five dollars, there was a story.") + "\n\n"
    for command, meaning in (
        ("tell", _("{name}: {value}", name=go, value=quote)),
        ("prompt", _("another beginning")),
        ("settings", _("temperature, seed, length, mode")),
        ("help", _("every key")),
    ):
        yield "key", right_aligned(key(command), 6)
        yield "invite", f"   {meaning}\n"
