"""The wire between a host and a board's agent: frames, messages, events, the client. Pure."""
