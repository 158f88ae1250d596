"""Theme files: ours are whole, and a bad one harms nobody."""

from pathlib import Path

import pytest
from textual.color import Color

from duotui.ui import themes

GOOD = 'primary = "#336699"\n[variables]\nduo-board = "#ff8800"\n'


def test_ours_load() -> None:
    found, failures = themes.load([themes.packaged()])
    assert failures == []
    assert {theme.name for theme in found} == {
        "duo-dark", "duo-light", "high-contrast", "colour-safe",
    }  # fmt: skip


def contrast(one: Color, other: Color) -> float:
    def luminance(colour: Color) -> float:
        parts = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in colour.normalized
        )
        return sum(
            share * part for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ours() -> list[str]:
    return [theme.name for theme in themes.load([themes.packaged()])[0]]


@pytest.mark.parametrize("name", ours())
def test_ours_can_be_read(name: str) -> None:
    """WCAG's contrast: 4.5 for text, 7 where the theme promises it; the two sides stay apart."""
    theme = themes.read(themes.packaged() / f"{name}.toml")
    ground = Color.parse(theme.background or "")
    colours = {n: Color.parse(theme.variables[n]) for n in themes.VARIABLES}
    wanted = 7 if name == "high-contrast" else 4.5
    for colour in (*colours.values(), Color.parse(theme.foreground or "")):
        assert contrast(ground, colour) >= wanted
    board, baseline = colours["duo-board"], colours["duo-baseline"]
    assert board.rgb[0] - board.rgb[2] > 80, "the board is orange"
    assert baseline.rgb[2] - baseline.rgb[0] > 80, "the baseline is blue"


@pytest.mark.parametrize(
    "text",
    [
        "primary = ",
        'secondary = "#fff"',
        'primary = "no colour"',
        "primary = 3",
        'primary = "#fff"\ncolour = "#fff"',
        'primary = "#fff"\ndark = "yes"',
        'primary = "#fff"\n[variables]\nduo-board = "orangey"',
        'primary = "#fff"\n[variables]\nduo-board = 3',
    ],
)
def test_a_bad_file_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "good.toml").write_text(GOOD)
    (tmp_path / "poor.toml").write_text(text)
    found, failures = themes.load([tmp_path])
    assert [theme.name for theme in found] == ["good"]
    assert len(failures) == 1
    assert failures[0].startswith("poor.toml: ")


def test_the_users_own_stands_before_ours(tmp_path: Path) -> None:
    (tmp_path / "duo-dark.toml").write_text(GOOD)
    found, _ = themes.load([themes.packaged(), tmp_path])
    assert [theme.primary for theme in found if theme.name == "duo-dark"] == ["#336699"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert themes.load([tmp_path / "nowhere"]) == ([], [])
