"""What was thought of one token: the ten likeliest, by the reference and by the mode that told.

`=` the board told, and the reference would have taken; `+` the first alone, `-` the other alone."""

import math

from textual.content import Content
from textual.widget import Widget

from duotui.base.untrusted_text import printable
from duotui.scoring.teacher_forcing import ForcedStep, TokenCandidate
from duotui.ui.glyphs import Glyphs

WORD_WIDTH = 16


class CandidateTable(Widget):
    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="choices")
        self._glyphs = glyphs
        self._shown: tuple[int, ForcedStep | None, str, float] = (0, None, "", math.nan)

    def show(self, index: int, step: ForcedStep | None, text: str, probability: float) -> None:
        """`step` is None until the reference has read the story. probability: the board's own."""
        self._shown = (index, step, text, probability)
        self.refresh()

    def render(self) -> Content:
        index, step, text, probability = self._shown
        word = self._glyphs.quote(_word(text)) if text else "nothing yet"
        lines = [Content.styled(f"token {index + 1}: the board told {word}", "bold")]
        if not math.isnan(probability):
            lines.append(
                Content.styled(f"its own probability {probability:.3f}", "$foreground 70%")
            )
        if step is None:
            lines.append(
                Content.styled("the reference reads the story at the end", "$foreground 60%")
            )
            return Content("\n").join(lines)
        lines.append(
            Content.styled(f"the reference's     {math.exp(-step.nats):.3f}", "$foreground 70%")
        )
        another = any(not math.isnan(choice.own) for choice in step.likely)
        head = f"  {'':<{WORD_WIDTH}} {'fp32':>5}" + (f" {'own':>5}" if another else "")
        lines.append(Content.styled(head, "$foreground 60%"))
        bars = max(4, self.size.width - len(head) - 1)
        for choice in step.likely:
            lines.append(self._row(choice, step, bars))
        return Content("\n").join(lines)

    def _row(self, choice: TokenCandidate, step: ForcedStep, bars: int) -> Content:
        told, taken = choice.id == step.id, choice.id == step.taken
        sign = self._glyphs.same if told and taken else "+" if told else "-" if taken else " "
        done, _ = self._glyphs.bar(choice.probability, bars)
        word = f"{sign} {_word(choice.text):<{WORD_WIDTH}}"[: WORD_WIDTH + 2]
        own = "" if math.isnan(choice.own) else f" {choice.own:.3f}"
        faint = "bold" if told or taken else "$foreground 70%"
        tone = "bold $duo-same" if told and taken else faint
        return Content.styled(f"{word} {choice.probability:.3f}{own} {done}", tone)


def _word(text: str) -> str:
    shown = printable(text.replace("\n", "\\n"))
    return shown.strip() or repr(shown)
