"""A Textual driver that survives what terminals do: hang-ups, stops, and bytes that are no UTF-8.

Textual 8.2's LinuxDriver has four faults that leave a process behind or end it
(docs/decisions/004-terminal-driver.md has them and their causes):

- After a write error its writer thread is dead, and the next writes block the event loop for ever.
- A SIGCONT without a SIGTSTP starts a second writer and input thread. The kernel sends one with
  SIGHUP, and so does systemd when it stops a program.
- At the end of the terminal's input its input thread spins.
- A byte that is not UTF-8 raises in the input thread, and the app ends.
"""

import codecs
import contextlib
import os
import queue
import selectors
import sys
from collections.abc import Callable
from typing import Any

from textual._xterm_parser import XTermParser
from textual.driver import Driver

PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
PASTE_TIMEOUT = 0.5
"""Seconds without input after which an unclosed bracketed paste is closed."""

QUIT_KEYS = (b"\x03", b"\x11", b"\x1b[99;5u", b"\x1b[113;5u")
"""Ctrl+C and Ctrl+Q, also by kitty's keyboard protocol. Typed alone, they close a paste."""

POLL_INTERVAL_SECONDS = 0.1
"""Seconds between two looks at whether the input thread is to end."""

WRITE_POLL_SECONDS = 0.1
"""Seconds that a write waits for a place in the queue before it looks whether the writer lives."""


class InputDecoder:
    """Decoder of a terminal's input. It drops bytes that are not UTF-8, and closes a paste that
    the terminal does not close."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="ignore").decode
        self._tail = ""
        self._idle = 0.0
        self.in_paste = False

    def decode(self, data: bytes) -> str:
        text = self._decode(data)
        self._idle = 0.0
        if self.in_paste and data in QUIT_KEYS:
            self.in_paste, self._tail = False, ""
            return PASTE_END + text
        seen = self._tail + text
        start, end = seen.rfind(PASTE_START), seen.rfind(PASTE_END)
        if start != end:
            self.in_paste = start > end
        self._tail = seen[1 - len(PASTE_START) :]
        return text

    def idle(self, seconds: float) -> str:
        """Return the input to be assumed after `seconds` more without any."""
        self._idle += seconds
        if not self.in_paste or self._idle < PASTE_TIMEOUT:
            return ""
        self.in_paste, self._tail = False, ""
        return PASTE_END


def with_resilience(driver: type[Driver], on_hangup: Callable[[], None]) -> type[Driver]:
    """Subclass Textual's driver for Linux and macOS; `on_hangup` is called, in another thread, when
    the terminal is gone. Other drivers are returned as they are."""
    if sys.platform == "win32":
        return driver
    from textual.drivers.linux_driver import LinuxDriver

    if not issubclass(driver, LinuxDriver):
        return driver

    class TerminalDriver(driver):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
            super().__init__(*arguments, **options)
            self._file = sys.__stdout__  # Textual's is stderr, which `2>errors.log` takes away

        def write(self, data: str) -> None:
            writer = self._writer_thread
            while writer is not None and writer.is_alive():
                with contextlib.suppress(queue.Full):
                    writer._queue.put(data, timeout=WRITE_POLL_SECONDS)
                    return

        def close(self) -> None:
            if self._writer_thread is not None and self._writer_thread.is_alive():
                super().close()

        def _sigcont_application(self, *arguments: Any) -> None:  # noqa: ANN401
            if self._must_signal_resume:
                super()._sigcont_application(*arguments)

        def run_input_thread(self) -> None:
            parser, decoder = XTermParser(self._debug), InputDecoder()

            def feed(text: str) -> None:
                nonlocal parser
                try:
                    for event in parser.feed(text) if text else parser.tick():
                        self.process_message(event)
                except Exception:
                    parser = XTermParser(self._debug)

            with selectors.DefaultSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                while not self.exit_event.is_set():
                    if not selector.select(POLL_INTERVAL_SECONDS):
                        feed(decoder.idle(POLL_INTERVAL_SECONDS))
                        continue
                    try:
                        data = os.read(self.fileno, 4096)
                    except OSError:
                        data = b""
                    if not data:
                        on_hangup()
                        return
                    feed(decoder.decode(data))

    return TerminalDriver
