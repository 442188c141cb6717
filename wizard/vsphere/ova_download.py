"""Fetches a template from a web address: whole and with the right checksum, or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from wizard.addresses import DIRECT, AddressBook
from wizard.text import Text, _
from wizard.vsphere.http_get import get
from wizard.vsphere.http_route import DownloadFailed as DownloadFailed
from wizard.vsphere.http_route import Route, WebAddress, parse_proxy
from wizard.vsphere.pace import Brake, Pace

# A piece is waited for until it is full; larger ones would make progress jerk on slow lines.
PIECE_BYTES = 64 * 2**10
LIMIT_BYTES = 64 * 2**30
_HEX = frozenset("0123456789abcdef")


def download(
    url: str,
    sha256: str,
    target: Path,
    *,
    on_progress: Callable[[int, int], None],
    should_stop: Callable[[], bool],
    proxy: str | None = None,
    ca_file: Path | str | None = None,
    timeout_s: float = 60.0,
    book: AddressBook = DIRECT,
    max_bytes: int = LIMIT_BYTES,
) -> None:
    """Fetch `url` into `target`, by way of `target.part`, which is gone at the end whatever happens.

    `target` appears, or is replaced, in one moment, once every byte is on disk and the SHA-256 is `sha256`.
    `on_progress(done, total)` counts bytes at most five times a second; `total` is 0 where the server does
    not tell. `timeout_s` bounds connecting and each silence. `proxy` is `http://[user:password@]host:port`;
    `ca_file` (PEM) takes the place of the system's authorities. Redirects are followed five times, never from
    https to http. Raises DownloadFailed or Stopped.
    """
    expected = _expected(sha256)
    brake = Brake(should_stop)
    route = Route(
        book=book,
        proxy=parse_proxy(proxy) if proxy else None,
        ca_file=Path(ca_file) if ca_file else None,
        timeout_s=timeout_s,
    )
    with _part(target) as file:
        with get(url, route, check=brake.check) as (address, response):
            length = response.length
            _expect_room(address, length, target, max_bytes)
            digest = _copy(response, file, address, Pace(on_progress, total=length or 0), max_bytes, target)
        if digest != expected:
            raise _wrong_checksum(address, expected, digest)
        with _disk(target):
            file.flush()
            os.fsync(file.fileno())
            _part_of(target).replace(target)


def _copy(
    response: http.client.HTTPResponse,
    file: BinaryIO,
    address: WebAddress,
    pace: Pace,
    max_bytes: int,
    target: Path,
) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(PIECE_BYTES))
    while count := response.readinto(buffer):
        digest.update(buffer[:count])
        if pace.done + count > max_bytes:
            raise _too_large(address, pace.done + count, max_bytes)
        with _disk(target):
            file.write(buffer[:count])
        pace.advance(count)
    if pace.done < pace.total:
        raise DownloadFailed(
            Text(
                _("%(host)s ended after %(found)d of %(expected)d bytes."),
                host=address.host,
                found=pace.done,
                expected=pace.total,
            ),
            remedy=Text(_("Try again; the connection was cut.")),
            address=address.place,
            step="http",
        )
    pace.finish()
    return digest.hexdigest()


def _expected(sha256: str) -> str:
    digits = sha256.replace(" ", "").replace(":", "").strip().lower()
    if len(digits) != 64 or not _HEX.issuperset(digits):
        raise DownloadFailed(
            Text(
                _("The checksum has %(found)d characters; a SHA-256 has 64 hexadecimal digits."),
                found=len(digits),
            ),
            remedy=Text(_("Copy the SHA-256 that the publisher names for the file.")),
            step="checksum",
        )
    return digits


def _expect_room(address: WebAddress, length: int | None, target: Path, max_bytes: int) -> None:
    if length is None:
        return
    if length > max_bytes:
        raise _too_large(address, length, max_bytes)
    with _disk(target):
        free = shutil.disk_usage(target.parent).free
    if length > free:
        raise DownloadFailed(
            Text(
                _("The file has %(needed)d bytes, but only %(free)d are free in %(folder)s."),
                needed=length,
                free=free,
                folder=str(target.parent),
            ),
            remedy=Text(_("Make room there, or configure another folder for templates.")),
            address=address.place,
            step="disk",
        )


@contextlib.contextmanager
def _part(target: Path) -> Iterator[BinaryIO]:
    """The file next to the target that is written to; held, so that two downloads do not mix in it."""
    part = _part_of(target)
    with _disk(target):
        file = part.open("ab")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(target) from None
        # Whoever held it until now may have given it the target's name in the moment before.
        if not part.exists() or not os.path.samestat(part.stat(), os.fstat(file.fileno())):
            raise _busy(target)
        try:
            file.truncate(0)
            yield file
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _busy(target: Path) -> DownloadFailed:
    return DownloadFailed(
        Text(_("“%(name)s” is being fetched already."), name=target.name),
        remedy=Text(_("Wait until the other download is done, or stop it.")),
        step="disk",
    )


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


@contextlib.contextmanager
def _disk(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DownloadFailed(
            Text(
                _("“%(name)s” cannot be written into %(folder)s: %(why)s."),
                name=target.name,
                folder=str(target.parent),
                why=error.strerror or type(error).__name__,
            ),
            remedy=Text(_("Check that the folder exists, may be written to and has room.")),
            step="disk",
        ) from None


def _too_large(address: WebAddress, size: int, max_bytes: int) -> DownloadFailed:
    return DownloadFailed(
        Text(
            _("%(host)s sends %(found)d bytes or more; at most %(limit)d are taken."),
            host=address.host,
            found=size,
            limit=max_bytes,
        ),
        remedy=Text(_("Check that the address is that of the template.")),
        address=address.place,
        step="size",
    )


def _wrong_checksum(address: WebAddress, expected: str, found: str) -> DownloadFailed:
    return DownloadFailed(
        Text(
            _("The file from %(host)s has the SHA-256 %(found)s; %(expected)s was expected."),
            host=address.host,
            found=found,
            expected=expected,
        ),
        remedy=Text(
            _(
                "Compare the checksum with the publisher's. If it is right, the file is not the one published: do not use it."
            )
        ),
        address=address.place,
        step="checksum",
    )
