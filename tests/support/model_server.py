"""Server with the files of a model, which breaks off, lies, or sends elsewhere."""

from __future__ import annotations

import hashlib
import random
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from duotui.targets.model_store import KnownModel, ModelFile

if TYPE_CHECKING:
    from collections.abc import Iterator

WEIGHT_BYTES = random.Random(1).randbytes(300_000)
TOKENIZER_BYTES = b"tokenizer"


class Source:
    """Server with two files, also as a proxy for any other host.

    `headers` and `status` replace those of an answer with a file. `cut`: bytes after which an
    answer breaks off; `whole`: it supports no ranges. `held`: it answers once this is set, with
    `first_byte` all but the first byte. The first answer is `redirect` to another address; all are
    an error of `reason`."""

    def __init__(self) -> None:
        self.files = {"/w.bin": WEIGHT_BYTES, "/t.bin": TOKENIZER_BYTES}
        self.cut: int | None = None
        self.whole = self.first_byte = False
        self.redirect = self.reason = ""
        self.asked = threading.Event()
        self.held: threading.Event | None = None
        self.requests: list[tuple[str, str | None]] = []
        self.address = ""
        self.headers: dict[str, str] = {}
        self.status = 0

    def model(self) -> KnownModel:
        return KnownModel(
            "some",
            "",
            "",
            tuple(
                ModelFile(
                    name, f"{self.address}{path}", len(data), hashlib.sha256(data).hexdigest()
                )
                for name, path, data in (
                    ("weights.bin", "/w.bin", WEIGHT_BYTES),
                    ("tokenizer.bin", "/t.bin", TOKENIZER_BYTES),
                )
            ),
        )


@contextmanager
def serving() -> Iterator[Source]:
    source = Source()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ranged = self.headers["Range"]
            source.requests.append((self.path, ranged))
            source.asked.set()
            if source.reason:
                self.send_response(503, source.reason)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if source.redirect:
                self.send_response(302)
                self.send_header("Location", source.redirect)
                self.send_header("Content-Length", "0")
                self.end_headers()
                source.redirect = ""
                return
            data = source.files.get(urlsplit(self.path).path)
            if data is None:
                self.send_error(404)
                return
            is_part = bool(ranged and not source.whole)
            begin = int(ranged.removeprefix("bytes=").rstrip("-")) if is_part else 0
            self.send_response(source.status or (206 if is_part else 200))
            headers = {"Content-Length": str(len(data) - begin)}
            if is_part:
                headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            for name, value in (headers | source.headers).items():
                self.send_header(name, value)
            self.end_headers()
            end = len(data) if source.cut is None else begin + source.cut
            if source.first_byte:
                self.wfile.write(data[begin : begin + 1])
                begin += 1
            if source.held is not None:
                source.held.wait(20)
            self.wfile.write(data[begin:end])

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    source.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
