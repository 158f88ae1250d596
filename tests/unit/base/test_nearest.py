"""The nearest word, and that nothing is guessed."""

import pytest

from duotui.base.nearest import nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [("stroy", "story"), ("JUDGE", "judge"), ("tel", "tell"), ("xyzzy", ""), ("", "")],
)
def test_the_nearest_word(word: str, meant: str) -> None:
    assert nearest(word, ("story", "tell", "judge")) == meant
