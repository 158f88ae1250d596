"""Hints of the console: before the first story, and after a lost link. Pure."""

from collections.abc import Callable, Iterator

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
        return f"The story goes on when it is back; {key('stop')} ends it."
    if board.link is LinkState.RECONNECTING:
        return "It is looked for."
    if board.link is not LinkState.LOST:
        return ""
    if not live:
        return f"{key('again')} plays it again."
    if board.run is not None:
        return f"{key('again')} connects and tells the story again."
    return f"{key('again')} connects again."


def baseline_hint(baseline: SourceState) -> str:
    """Text in place of the baseline's story."""
    if baseline.link.gone:
        return f"No story is told here: {why_missing(baseline)}."
    return (
        "The unquantised model tells the same story here, token by token, so that you can "
        "see whether a word was changed."
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
        yield "invite", "A recording. The story begins in a moment."
        return
    ready = state.board.link is LinkState.UP and state.board.ready is not None
    go = "tells it" if ready else "tells it as soon as the engine answers"
    quote = glyphs.quote(request.prompt) if request.prompt else "from nothing"
    yield "told", "Once upon a time, on a board for five dollars, there was a story.\n\n"
    for command, meaning in (
        ("tell", f"{go}: {quote}"),
        ("prompt", "another beginning"),
        ("settings", "temperature, seed, length, mode"),
        ("help", "every key"),
    ):
        yield "key", f"{key(command):>6}"
        yield "invite", f"   {meaning}\n"
