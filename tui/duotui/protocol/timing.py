"""Intervals in seconds of every exchange with an agent (docs/protocol.md)."""

RETRANSMIT_INTERVAL = 0.3
"""Seconds until an unanswered message is sent again."""

POLL_INTERVAL = 1.0
"""Seconds until the state of a sentence or a listen request is polled again."""

STORY_TIMEOUT = 300.0
"""Seconds without a new event of the requested story until it is given up. The slowest board, fp32
from a card, takes 3 s for a token. A long prompt, prefilled at once, takes a minute or two."""
