"""A file from the web: by proxies, resumed, and refused where the server sends something else.

The proxies are those of the environment (http_proxy, https_proxy, no_proxy). What has come is
written at once. The caller checks the SHA-256.
"""

import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from duotui import __version__
from duotui.base.clock import Clock
from duotui.base.errors import LinkBroken, NotReady
from duotui.base.files import open_regular, write_all
from duotui.base.log import logger, without_secrets
from duotui.base.progress import TransferProgress
from duotui.base.translation import gettext as _

DOWNLOAD_BLOCK_BYTES = 1 << 16
APPENDING = os.O_RDWR | os.O_APPEND | os.O_CREAT

REASON_LIMIT = 200
"""Characters of a server's reason that are shown."""

READ_TIMEOUT = 30.0
"""Seconds without data until a download fails."""

PROXY_SCHEMES = ("http", "https")
"""Kinds of proxies that urllib knows."""

ShowProgress = Callable[[str, TransferProgress], None]

_log = logger(__name__)


class SourceFailed(NotReady):
    """A source does not have the file, or something else in its place. Another one may."""


class SourceBrokeOff(LinkBroken):
    """A source sent a part, which is kept. The same source or another one may send the rest."""


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file to download, of `size` bytes."""

    name: str
    size: int

    @property
    def other_source(self) -> str:
        """The hint for a source that failed."""
        return _("name another source: --from {name}=URL", name=self.name)


def download(
    wanted: WantedFile, url: str, part: Path, clock: Clock, progress: ShowProgress
) -> None:
    """Append to `part` until it has all bytes of the file.

    Raises SourceFailed, SourceBrokeOff, and OSError where `part` cannot be written."""
    offset = part.stat().st_size if part.exists() else 0
    if offset >= wanted.size:
        offset = 0
    start = clock.now()
    with _opened(wanted, url, offset) as answer, open_regular(part, APPENDING) as out:
        _log.info("%s answers %d from byte %d", without_secrets(url), answer.status, offset)
        if answer.status != http.client.PARTIAL_CONTENT:
            offset = 0
        _check_answer(wanted, url, answer, offset)
        out.truncate(offset)
        done = offset
        while done < wanted.size:
            block = _read(answer, min(DOWNLOAD_BLOCK_BYTES, wanted.size - done))
            if not block:
                raise SourceBrokeOff(
                    _(
                        "the download of {name} broke off at {size:.1f} MB",
                        name=wanted.name,
                        size=done / 1e6,
                    ),
                    _("the same command goes on from there"),
                )
            write_all(out, block)
            done += len(block)
            now = TransferProgress(done, wanted.size, done - offset, clock.now() - start)
            progress(wanted.name, now)
        os.fsync(out.fileno())


def _check_answer(
    wanted: WantedFile, url: str, answer: http.client.HTTPResponse, offset: int
) -> None:
    """Check what the server says of the file before a byte of it is taken. Raises SourceFailed."""
    shown = without_secrets(url)
    if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
        raise SourceFailed(
            _("{url} is a web page, not {name}", url=shown, name=wanted.name),
            _("a login page of your network? else {hint}", hint=wanted.other_source),
        )
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    if match and int(match[1]) != offset:
        raise SourceFailed(
            _("{url} sends another part of the file", url=shown), wanted.other_source
        )
    length = answer.headers.get("Content-Length", "")
    said = int(match[2]) if match else offset + int(length) if length.isdecimal() else wanted.size
    if said != wanted.size:
        raise SourceFailed(
            _(
                "{url} has {said} bytes, and {name} has {size}",
                url=shown,
                said=said,
                name=wanted.name,
                size=wanted.size,
            ),
            wanted.other_source,
        )


_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18})")
"""A header Content-Range: its first byte, and the size of the whole file."""


def _opened(wanted: WantedFile, url: str, offset: int) -> http.client.HTTPResponse:
    """Send the request. Raises SourceFailed."""
    headers = {
        "User-Agent": f"duotui/{__version__}",
        "Accept-Encoding": "identity",
        "Range": f"bytes={offset}-",
    }
    shown, by = without_secrets(url), _proxy(url)
    try:
        request = urllib.request.Request(url, headers=headers)
        opener = urllib.request.build_opener(_WebRedirects)  # with the proxies of this moment
        answer: http.client.HTTPResponse = opener.open(request, timeout=READ_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.PROXY_AUTHENTICATION_REQUIRED:
            raise _needs_password(by) from error
        raise SourceFailed(
            _(
                "{url} answers {code} {reason}",
                url=shown,
                code=error.code,
                reason=str(error.reason)[:REASON_LIMIT],
            ),
            wanted.other_source,
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        if by and "407" in str(error):  # of a tunnel, which urllib reports as an OSError
            raise _needs_password(by) from error
        cause = getattr(error, "reason", error)
        what = without_secrets(str(getattr(cause, "strerror", None) or cause))[:REASON_LIMIT]
        if by:
            message = _(
                "{url} cannot be reached by the proxy {proxy}: {reason}",
                url=shown,
                proxy=by,
                reason=what,
            )
            raise SourceFailed(message, _("check the proxy, or unset it")) from error
        raise SourceFailed(
            _("{url} cannot be reached: {reason}", url=shown, reason=what),
            _("check the network, or {hint}", hint=wanted.other_source),
        ) from error
    return answer


def _proxy(url: str) -> str:
    """The proxy of the environment for `url`, without its password; "" if there is none. Raises
    SourceFailed for a kind that urllib does not know."""
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        proxy = urllib.request.getproxies().get(parts.scheme, "")
    except ValueError:
        return ""
    if not proxy or (host and urllib.request.proxy_bypass(host)):
        return ""
    scheme, sign, _host = proxy.partition("://")
    shown = without_secrets(proxy)
    if sign and scheme.lower() not in PROXY_SCHEMES:
        raise SourceFailed(
            _("the proxy {proxy} is of a kind that duotui does not know", proxy=shown),
            _("set {name}_proxy to one for HTTP, or unset it", name=parts.scheme),
        )
    return shown


def _needs_password(proxy: str) -> SourceFailed:
    return SourceFailed(
        _("the proxy {proxy} asks for a user and a password", proxy=proxy),
        _("put them into its address: http://USER:PASSWORD@HOST:PORT"),
    )


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects to the web alone: urllib also follows those to FTP."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(
                newurl, code, _("and leads to {newurl}", newurl=newurl), headers, fp
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read(answer: http.client.HTTPResponse, count: int) -> bytes:
    """Return the bytes that have come, up to `count`; b"" if the connection broke off."""
    try:
        return answer.read1(count)
    except (http.client.HTTPException, OSError):
        return b""
