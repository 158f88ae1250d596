"""Intervals in seconds of every exchange with an agent (docs/protocol.md)."""

RETRANSMIT_INTERVAL = 0.3
"""Seconds until an unanswered message is sent again."""

POLL_INTERVAL = 1.0
"""Seconds until the state of a sentence or a listen request is polled again."""
