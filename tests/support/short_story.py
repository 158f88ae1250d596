"""Messages of a short story, as an honest agent sends them."""

from duotui.protocol import messages, story_messages

STORY_NUMBER, STEPS = 77, 4
START = story_messages.Start(
    story=STORY_NUMBER,
    index=0,
    mode=1,
    steps=STEPS,
    temperature=1.0,
    top_p=0.9,
    seed=123,
    clock=1000,
    ids=(1, 5),
)
STATS = messages.Stats(STORY_NUMBER, 0, 4, 9000, 10, 1, 1, 0, 0, 0)


def token(index: int) -> story_messages.Next:
    return story_messages.Next(STORY_NUMBER, index, 7, 1000 + index, 0.5, b" a")


def end(index: int, reason: int = 0) -> story_messages.End:
    return story_messages.End(STORY_NUMBER, index, reason, max(index - 1, 0), 1000 + index, 24.3)
