"""Stories by others, where the reference data is."""

import pytest

from duotui.story.sentences import whole_sentences
from support.engine import SHARED


def valid_sentences() -> list[tuple[str, ...]]:
    """Return the sentences of each story of valid.txt; skip the test where it is not here."""
    path = SHARED / "corpus/valid.txt"
    if not path.exists():
        pytest.skip("../shared is not here")
    stories = path.read_text().split("<|endoftext|>")
    return [whole_sentences(story.strip(), over=True) for story in stories]
