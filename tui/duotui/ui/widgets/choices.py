"""What the reference thought of one token: its ten likeliest, which it would have taken, and which
the board told."""

import math

from textual.content import Content
from textual.widget import Widget

from duotui.judge.agreement import Step
from duotui.ui.glyphs import Glyphs
from duotui.ui.widgets.wrapping import printable

WORD = 16


class Choices(Widget):
    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="choices")
        self._glyphs = glyphs
        self._shown: tuple[int, Step | None, str, float] = (0, None, "", math.nan)

    def show(self, index: int, step: Step | None, text: str, probability: float) -> None:
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
        bars = max(4, self.size.width - WORD - 12)
        for choice in step.likely:
            told, taken = choice.id == step.id, choice.id == step.taken
            sign = self._glyphs.same if told and taken else "+" if told else "-" if taken else " "
            done, _ = self._glyphs.bar(choice.probability, bars)
            tone = (
                "bold $duo-same"
                if told and taken
                else "bold"
                if told or taken
                else "$foreground 70%"
            )
            row = (
                f"{sign} {_word(choice.text):<{WORD}}"[: WORD + 2]
                + f" {choice.probability:.3f} {done}"
            )
            lines.append(Content.styled(row, tone))
        return Content("\n").join(lines)


def _word(text: str) -> str:
    shown = printable(text.replace("\n", "\\n"))
    return shown.strip() or repr(shown)
