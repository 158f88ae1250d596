"""Picture of a sentence's word, and the validity of each picture file."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duotui.pictures import icons
from duotui.pictures.icons import ICON_COLUMNS, ICON_ROWS, ICON_SIZE, PALETTE, Colour, Icon

WANTED = set(
    """
    dog cat bunny bear dragon girl boy fairy robot mouse bird fish horse frog duck unicorn
    forest tree park sea garden flower castle farm house moon night sun star rain snow
    boat ball cake key gift book bed apple balloon car
    asleep awake thinking listening end surprise
""".split()  # noqa: SIM905 - a list that is read
)

GROUNDS: tuple[Colour, ...] = ((0x0D, 0x08, 0x04), (0x10, 0x14, 0x1C), (0xFB, 0xF1, 0xD9))
"""Darkest page, the usual one, and cream."""

ALL = icons.load().values()
each = pytest.mark.parametrize("picture", ALL, ids=lambda picture: picture.name)


def name(sentence: str) -> str:
    icon = icons.icon_of_sentence(sentence)
    return icon.name if icon else ""


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The dog ran.", "dog"),
        ("Two puppies ran.", "dog"),
        ("A kitty sat on the mat.", "cat"),
        ("They went to the beach.", "sea"),
        ("The waves were big.", "sea"),
        ("He saw three boxes and two foxes.", ""),
        ("The mice had a party.", "mouse"),
        ("PUPPY!", "dog"),
        ("The dog's nose was cold.", "dog"),
        ("The dog’s nose was cold.", "dog"),
        ("It was a teddy-bear.", "bear"),
        ('"Bunnies!" she said.', "bunny"),
        ("It snowed and snowed.", "snow"),
        ("", ""),
        ("She was very happy.", ""),
        ("«Кот» 狗 😀 123", ""),
    ],
)
def test_a_word_its_plural_and_what_means_the_same(sentence: str, expected: str) -> None:
    assert name(sentence) == expected


@pytest.mark.parametrize(
    "sentence", ["The carpet.", "A catalogue.", "Starting.", "Bedroom", "dog2", "_dog_", "seat"]
)
def test_only_whole_words(sentence: str) -> None:
    assert icons.icon_of_sentence(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The cat met the dog.", "cat"),
        ("The dog met the cat.", "dog"),
        ("One day, a girl found a dragon.", "dragon"),
        ("A girl and her mom went home.", "girl"),
        ("Mom and the girl went home.", "mother"),
        ("Lily loved her red ball.", "ball"),
    ],
)
def test_the_first_but_what_is_in_every_story_gives_way(sentence: str, expected: str) -> None:
    assert name(sentence) == expected


def test_a_name_has_its_capital() -> None:
    assert name("Lily smiled.") == name("It was Lily's.") == "girl"
    assert name("A lily smelled sweet.") == name("LILY") == "flower"
    assert name("Mrs. Brown came.") == "mother"
    assert name("Mr. Brown came.") == "father"
    assert name("tim tam tom") == ""


@given(st.text(max_size=300), st.sampled_from(sorted(icons.load())))
def test_any_text_has_one_picture_or_none(text: str, known: str) -> None:
    icon = icons.icon_of_sentence(text)
    assert icon is icons.icon_of_sentence(text)
    assert icon is None or icon in ALL
    word = next(iter(icons.named(known).words), "")
    if word:
        other_icon = icons.icon_of_sentence(f"{text} {word}.")
        assert other_icon is not None
        assert (
            other_icon.name == known
            or icons.icon_of_sentence(text) is other_icon
            or not other_icon.common
        )


def test_every_wanted_picture_is_there() -> None:
    assert set(icons.load()) >= WANTED
    with pytest.raises(KeyError):
        icons.named("nothing")


@each
def test_its_first_word_leads_to_it(picture: Icon) -> None:
    for word in picture.words:
        assert icons.icon_of_sentence(f"Look, {word}!") is picture


@each
def test_it_fills_its_square_and_moves_little(picture: Icon) -> None:
    grids = [icons.pixels(picture, frame) for frame in range(len(picture.frames))]
    for grid in grids:
        assert [len(row) for row in grid] == [ICON_SIZE] * ICON_SIZE
        assert sum(colour is not None for row in grid for colour in row) > ICON_SIZE * ICON_SIZE / 5
    changed = sum(
        one != other
        for upper, lower in zip(grids[0], grids[-1], strict=True)
        for one, other in zip(upper, lower, strict=True)
    )
    assert (0 < changed < ICON_SIZE * ICON_SIZE / 2) if len(grids) > 1 else len(grids) == 1


@each
def test_its_outline_is_seen_on_every_page(picture: Icon) -> None:
    """Three quarters of the pixels at its edge contrast with the page; twinkles need not."""
    grid = icons.pixels(picture)
    edge = [
        colour
        for y, row in enumerate(grid)
        for x, colour in enumerate(row)
        if colour
        and any(_clear(grid, x + dx, y + dy) for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0)))
    ]
    for ground in GROUNDS:
        clear = sum(contrast(colour, ground) >= 2 for colour in edge)
        assert clear >= 0.75 * len(edge), ground


def _clear(grid: tuple[tuple[Colour | None, ...], ...], x: int, y: int) -> bool:
    return not (0 <= x < ICON_SIZE and 0 <= y < ICON_SIZE) or grid[y][x] is None


def contrast(one: Colour, other: Colour) -> float:
    def luminance(colour: Colour) -> float:
        parts = ((part / 255) ** 2.2 for part in colour)
        return math.fsum(s * part for s, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@each
def test_it_is_there_in_plain_characters(picture: Icon) -> None:
    assert 4 <= len(picture.plain) <= ICON_ROWS
    assert all(len(line) <= ICON_COLUMNS and line.isascii() for line in picture.plain)
    assert sum(letter != " " for line in picture.plain for letter in line) >= 12


def test_no_two_are_alike() -> None:
    assert len({picture.frames[0] for picture in ALL}) == len(ALL)
    assert len({picture.plain for picture in ALL}) == len(ALL)


def test_in_another_light_each_colour_is_dimmer() -> None:
    apple = icons.named("apple")
    plain, lit = icons.pixels(apple), icons.pixels(apple, 0, (200, 100, 0))
    for before, after in zip(sum(plain, ()), sum(lit, ()), strict=True):
        expected = before and (before[0] * 200 // 255, before[1] * 100 // 255, 0)
        assert after == expected


GRID = "\n".join(["k" * ICON_SIZE] * ICON_SIZE)
NINE = "x\n" * 9
PLAIN_FRAME = "plain = '''\n/\\\n'''\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "one.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    text = f'words = "a b"\ncommon = true\n{PLAIN_FRAME}pixels = """\n{GRID}\n"""\n'
    icon = icons.read(write(tmp_path, text))
    assert icon == Icon("one", (tuple(GRID.split()),), ("/\\",), ("a", "b"), True)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (PLAIN_FRAME, "not 16 by 16"),
        (f'{PLAIN_FRAME}pixels = """{GRID}\nk"""', "not 16 by 16"),
        (f'{PLAIN_FRAME}pixels = """{GRID[:-1]}"""', "not 16 by 16"),
        (f'{PLAIN_FRAME}pixels = """{GRID[:-1]}Q"""', "not 16 by 16"),
        (f'{PLAIN_FRAME}pixels = """{GRID}"""\nmoved = """{GRID[1:]}"""', "not 16 by 16"),
        (f'pixels = """{GRID}"""', "plain"),
        (f'plain = "{"x" * 17}"\npixels = """{GRID}"""', "plain"),
        (f'plain = "é"\npixels = """{GRID}"""', "plain"),
        (f'plain = "\\u001b[2J"\npixels = """{GRID}"""', "plain"),
        (f'plain = """{NINE}"""\npixels = """{GRID}"""', "plain"),
        (f'{PLAIN_FRAME}pixels = """{GRID}"""\nwords = 3', "words"),
        (f'{PLAIN_FRAME}pixels = """{GRID}"""\ncommon = "yes"', "common"),
        (f'{PLAIN_FRAME}pixels = """{GRID}"""\nword = "dog"', "word"),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, text: str, trouble: str) -> None:
    with pytest.raises(ValueError, match=trouble):
        icons.read(write(tmp_path, text))


def test_two_pictures_of_one_word_are_refused() -> None:
    one = Icon("one", (), (), ("fox",))
    with pytest.raises(ValueError, match="foxes: of one and of two"):
        icons.meanings({"one": one, "two": Icon("two", (), (), ("foxes",))})


@pytest.mark.parametrize(
    ("word", "more"),
    [
        ("dog", "dogs"),
        ("puppy", "puppies"),
        ("toy", "toys"),
        ("box", "boxes"),
        ("branch", "branches"),
        ("bush", "bushes"),
        ("kiss", "kisses"),
        ("Lily", "Lily"),
    ],
)
def test_plural(word: str, more: str) -> None:
    assert icons.plural(word) == more


def test_the_palette_is_sixteen_letters() -> None:
    assert len(PALETTE) == 16
    assert len(set(PALETTE.values())) == 16
