"""Intervals in seconds that all exchanges with an agent keep (docs/protocol.md)."""

RETRANSMIT_INTERVAL = 0.3
"""Until a message that was not answered is sent again."""

POLL_INTERVAL = 1.0
"""Until the state of a sentence or a listen is asked for again."""
