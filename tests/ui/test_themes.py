"""Theme files: the shipped ones are complete, and a bad one does no harm."""

import colorsys
import contextlib
from pathlib import Path

import pytest
from textual.color import Color, ColorParseError

from duotui.pictures import icons
from duotui.pictures.icons import ICON_SIZE, Icon
from duotui.ui import themes

GOOD = 'primary = "#336699"\n[variables]\nduo-board = "#ff8800"\n'


def test_ours_load() -> None:
    loaded, failures = themes.load([themes.packaged()])
    assert failures == []
    assert {theme.name for theme in loaded} == {
        path.stem for path in themes.packaged().glob("*.toml")
    }
    assert len(loaded) >= 9


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


def colours(name: str) -> dict[str, Color]:
    """Colours that a shipped theme sets or derives; a style is no colour."""
    theme = themes.read(themes.packaged() / f"{name}.toml")
    palette = {}
    derived = theme.to_color_system().generate()
    for variable, value in {**derived, **themes.VARIABLES, **theme.variables}.items():
        with contextlib.suppress(ColorParseError):
            palette[variable] = Color.parse(value.split()[0])
    return palette


@pytest.mark.parametrize("name", ours())
def test_ours_can_be_read(name: str) -> None:
    """WCAG's contrast: 4.5 for text, 7 if the theme promises it; the two sides stay distinct."""
    palette = colours(name)
    minimum = 7 if name == "high-contrast" else 4.5
    for variable in (*(v for v in themes.VARIABLES if v.startswith("duo-")), "foreground"):
        assert contrast(palette["background"], palette[variable]) >= minimum, variable
    board, baseline = palette["duo-board"], palette["duo-baseline"]
    if name == "bedtime":
        assert contrast(board, baseline) >= 1.3, "without blue they differ in brightness"
    else:
        assert board.rgb[0] - board.rgb[2] > 80, "the board is orange"
        assert baseline.rgb[2] - baseline.rgb[0] > 80, "the baseline is blue"


@pytest.mark.parametrize("name", ours())
def test_every_theme_of_ours_dresses_the_story(name: str) -> None:
    """The spoken sentence has 7:1, the rest 4.5:1 and is dimmer, the word is on its background."""
    theme = themes.read(themes.packaged() / f"{name}.toml")
    expected = {variable for variable in themes.VARIABLES if variable != "story-light"}
    assert expected <= theme.variables.keys()
    palette = colours(name)
    page, ratio = palette["story-page"], contrast(palette["story-page"], palette["story-sentence"])
    rest = contrast(page, palette["story-text"])
    word = contrast(palette["story-word"], palette["story-word-text"])
    high, low = {"bedtime": (4.5, 3), "high-contrast": (15, 7)}.get(name, (7, 4.5))
    assert ratio >= high
    assert word >= min(high, 7)
    assert low <= rest < ratio / 1.5
    assert contrast(page, palette["story-word"]) >= 3, "the word's ground is seen on the page"
    assert contrast(page, palette["foreground"]) >= high


def test_a_theme_without_the_storys_colours_can_be_read() -> None:
    variables = {name: Color.parse(value) for name, value in themes.VARIABLES.items()}
    assert contrast(variables["story-page"], variables["story-sentence"]) >= 7
    assert contrast(variables["story-page"], variables["story-text"]) >= 4.5
    assert contrast(variables["story-word"], variables["story-word-text"]) >= 7


def test_bedtime_has_no_blue() -> None:
    """Derived colours too. Nothing in it is chosen by contrast, which would give white."""
    theme = themes.read(themes.packaged() / "bedtime.toml")
    derived = theme.to_color_system().generate()
    assert [name for name, value in derived.items() if value.startswith("auto")] == []
    for name, colour in colours("bedtime").items():
        red, green, blue = colour.rgb
        assert blue <= green <= red, name
        assert max(colour.rgb) <= 0xC8 or name not in theme.variables, f"{name} is dim"
    assert max(Color.parse(theme.foreground or "").rgb) <= 0xC8
    light = Color.parse(theme.variables["story-light"]).rgb
    for letter in icons.PALETTE:
        grid = Icon("one", (((letter * ICON_SIZE),) * ICON_SIZE,), ())
        pixel = icons.pixels(grid, 0, light)[0][0]
        assert pixel is not None
        red, green, blue = pixel
        assert blue <= green <= red, letter


def test_cream_is_for_dyslexic_readers() -> None:
    """Cream, no white; ink that is dark, and brown or blue: not green, red or pink."""
    palette = colours("cream")
    assert [name for name, colour in palette.items() if colour.rgb == (255, 255, 255)] == []
    red, green, blue = palette["story-page"].rgb
    assert red > green > blue > 180
    assert palette["story-page"] == palette["background"]
    inks = [n for n in palette if n.startswith(("duo-", "story-sentence", "story-text"))]
    for name in (
        *inks,
        "foreground",
        "primary",
        "secondary",
        "accent",
        "warning",
        "error",
        "success",
    ):
        hue, saturation, lightness = colour_of(palette[name])
        assert lightness < 0.4, name
        assert saturation < 0.3 or 20 <= hue <= 60 or 190 <= hue <= 250, name


def colour_of(colour: Color) -> tuple[float, float, float]:
    """Hue in degrees, saturation and lightness of `colour`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour.normalized)
    return hue * 360, saturation, lightness


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
    loaded, failures = themes.load([tmp_path])
    assert [theme.name for theme in loaded] == ["good"]
    assert len(failures) == 1
    assert failures[0].startswith("poor.toml: ")


def test_the_users_own_stands_before_ours(tmp_path: Path) -> None:
    (tmp_path / "duo-dark.toml").write_text(GOOD)
    loaded, _ = themes.load([themes.packaged(), tmp_path])
    assert [theme.primary for theme in loaded if theme.name == "duo-dark"] == ["#336699"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert themes.load([tmp_path / "nowhere"]) == ([], [])
