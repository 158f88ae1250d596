"""Status of the link, the board and the recording; banner after a loss; comparison."""

from textual.content import Content
from textual.widgets import Static

from duotui.base.translation import gettext as _
from duotui.session.session import SessionProtocol
from duotui.session.source_state import LinkState
from duotui.session.state import SessionState
from duotui.ui import gauge_text
from duotui.ui.glyphs import Glyphs
from duotui.ui.status_text import comparison_status, link_status


class StatusLine(Static):
    def __init__(self, session: SessionProtocol, glyphs: Glyphs) -> None:
        super().__init__(id="status")
        self._session = session
        self._glyphs = glyphs

    def show(self, state: SessionState, note: str) -> None:
        """Show the session's state, and a `note` from the screen."""
        glyphs, board = self._glyphs, state.board
        at = link_status(board, glyphs)
        parts = [Content.styled(f" {at.sign} {at.word} ", f"bold ${at.tone}")]
        if note:
            parts.append(Content.styled(f" {note} ", "$text-warning"))
        if not self._session.live:
            parts.append(
                Content.styled(_(" {replay} replay ", replay=glyphs.replay), "bold $text-accent")
            )
        if self._session.recording is not None:
            parts.append(
                Content.styled(_(" {record} REC ", record=glyphs.record), "bold $text-error")
            )
        where = (board.described or board.target) if board.link is not LinkState.CLOSED else ""
        tail = [where, gauge_text.model(board), gauge_text.machine(board)]
        tail = [part for part in tail if part not in ("", gauge_text.NO_VALUE)]
        parts.append(Content.styled("  " + f" {glyphs.dot} ".join(tail), "$foreground 60%"))
        self.update(Content.assemble(*parts), layout=False)


class Banner(Static):
    """Fault and remedy; displayed only while the board is lost or away."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="banner")
        self._glyphs = glyphs

    def show(self, state: SessionState, offer: str) -> None:
        """Show the board's fault with the hint `offer`."""
        lost = state.board.link.gone
        self.display = lost
        self.set_class(state.board.link is LinkState.RECONNECTING, "-away")
        if lost:
            at = link_status(state.board, self._glyphs)
            trouble = _(
                "{sign} {detail}. ", sign=at.sign, detail=at.detail or _("The link is lost")
            )
            self.update(Content.assemble(Content.styled(trouble, "bold"), Content(offer)))


class VerdictLine(Static):
    """Result of the comparison with the baseline."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="verdict")
        self._glyphs = glyphs

    def show(self, state: SessionState) -> None:
        at = comparison_status(state, self._glyphs)
        self.update(
            Content.assemble(
                Content.styled(f"{at.sign} {at.word}", f"bold ${at.tone}"),
                Content.styled(
                    _(": {detail}", detail=at.detail) if at.detail else "", f"${at.tone}"
                ),
            ),
            layout=False,
        )
