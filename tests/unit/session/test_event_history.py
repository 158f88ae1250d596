"""What a recording starts with is bounded, whatever a board sends."""

from hypothesis import given
from hypothesis import strategies as st

from duotui.protocol import events
from duotui.protocol.events import Event
from duotui.session.event_history import NOTES_KEPT, EventHistory
from duotui.session.state import SessionState, reduce
from support import scripted_session
from support.scripted_session import BASELINE, BOARD, STORY_TEXT, words

STORY = [
    *scripted_session.ready(),
    *scripted_session.story(BOARD, words(STORY_TEXT)[:40]),
    *scripted_session.story(BASELINE, words(STORY_TEXT)[:30]),
    *scripted_session.speech(1),
    scripted_session.ended(BOARD, 40),
]


def folded(happened: list[Event]) -> SessionState:
    state = SessionState()
    for event in happened:
        state = reduce(state, event)
    return state


def kept(happened: list[Event]) -> list[Event]:
    history = EventHistory()
    for event in happened:
        history.add(event)
    return list(history)


FLOODS: list[Event] = [
    events.LineNoise(2.0, BOARD, 3, "abc"),
    events.Fault(2.0, BOARD, "no"),
    scripted_session.gauges(BOARD, 4)[0],
    scripted_session.gauges(BOARD, 4)[1],
    scripted_session.ready()[2],
    events.Regenerating(2.0, BOARD, 1, 2),
    events.LinkSilent(2.0, BOARD, 1.0),
    events.LinkResponding(2.0, BOARD),
    events.Regenerated(2.0, BOARD, 5, tuple(range(1000))),
]


def test_no_flood_fills_the_memory() -> None:
    history = EventHistory()
    for event in STORY:
        history.add(event)
    before = len(history)
    for _ in range(10_000):
        for event in FLOODS:
            history.add(event)
    assert len(history) <= before + 2 * NOTES_KEPT + len(FLOODS)


def test_the_running_story_is_whole() -> None:
    state = folded(kept(STORY))
    assert (state.board, state.baseline) == (folded(STORY).board, folded(STORY).baseline)
    tokens = [event for event in kept(STORY) if isinstance(event, events.Tokens)]
    assert tokens == [event for event in STORY if isinstance(event, events.Tokens)]


@given(st.lists(st.sampled_from([*STORY, *FLOODS]), max_size=60))
def test_what_is_kept_shows_the_tokens_that_all_shows(happened: list[Event]) -> None:
    story = [*STORY[:20], *happened]
    expected, shown = folded(story).board, folded(kept(story)).board
    assert (shown.run, shown.ready, shown.stats) == (expected.run, expected.ready, expected.stats)
    assert [token.id for token in shown.tokens] == [token.id for token in expected.tokens]


def test_a_new_story_replaces_the_one_before() -> None:
    history = kept([*STORY, *scripted_session.story(BOARD, ["Two"])])
    assert [event.tokens[0].text for event in history if isinstance(event, events.Tokens)] == [
        "Two"
    ]
    assert any(isinstance(event, events.Ready) for event in history)
