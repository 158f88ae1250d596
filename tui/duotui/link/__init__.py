"""Bytes: ports, frames, messages, the one thread that owns a port. Knows nothing of stories."""
