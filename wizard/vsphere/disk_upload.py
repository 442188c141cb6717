"""Sends one file of a template to the ESXi host that takes it, hashing on the way what is stored."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.checksum import Checksum, Digest
from wizard.vsphere.errors import OvaInvalid, UploadFailed
from wizard.vsphere.patient_socket import Broken, PatientSocket, Stalled
from wizard.vsphere.payload import Payload, Unpacker
from wizard.vsphere.template import PIECE_BYTES, Template
from wizard.vsphere.upload_target import UploadBroken, UploadTarget, open_connection, open_the_way

_LAST_WORDS_S = 2.0
_LONGEST_EXPLANATION = 500  # bytes
# A disk file may be larger than the disk by its tables and by what does not compress: far less than this.
_OVERHEAD_SHARE, _OVERHEAD_BYTES = 16, 2**24


class UploadRefused(UploadFailed):
    """The host answered no; `status` is what it said over HTTP."""

    def __init__(self, text: Text, *, status: int, remedy: Text, address: str) -> None:
        super().__init__(text, remedy=remedy, address=address, step="upload")
        self.status = status


def upload(
    template: Template,
    payload: Payload,
    target: UploadTarget,
    *,
    sums: Mapping[str, str],
    create: bool,
    advance: Callable[[int], None],
    check: Callable[[], None],
    book: AddressBook,
    connect_s: float,
    stall_s: float,
) -> None:
    """Send one file in pieces of 1 MiB; compare what was read with the manifest, and with `sums`, at the end.

    `sums` are those of `Content`: what stored files had in them when the import was approved. `create` is what the import spec says of the file: a disk is posted into the machine, any other file is
    put. Chunks are sent as the one file that they make up, gzip is unpacked on the way. `advance` gets counts of
    stored bytes. `check` is called often; what it raises comes out. Raises UploadBroken where another try may go
    better, UploadRefused, another UploadFailed, or OvaInvalid where the content is not what was promised.
    """
    connection = open_connection(target, book=book, connect_s=connect_s)
    with contextlib.closing(connection):
        patient = PatientSocket(connection.sock, check=check, stall_s=stall_s)
        connection.sock = cast(ssl.SSLSocket, patient)
        proof = _Proof(template, payload, sums)
        content = _content(template, payload, proof, advance)
        try:
            _announce(connection, target, size=None if payload.packed else payload.size, create=create)
            if payload.packed:
                _send_chunked(connection, _unpacked(template, payload, content))
            else:
                for piece in content:
                    connection.send(piece)
            status, reason = _answer(connection)
        except Stalled:
            raise _stalled(payload.name, target, stall_s) from None
        except Broken as error:
            raise _broken(payload.name, target, str(error), _last_words(connection, patient)) from None
    if status // 100 != 2:
        raise _refused(payload.name, target, status, reason)
    proof.expect()


class _Proof:
    """The digests of what is sent: those that the manifest promises, of each part or of all together, and those of `sums`."""

    def __init__(self, template: Template, payload: Payload, sums: Mapping[str, str]) -> None:
        names = dict.fromkeys((*payload.parts, payload.name))
        self._promised: dict[str, tuple[Checksum, Digest]] = {
            name: (promised, promised.start()) for name in names if (promised := template.manifest.get(name))
        }
        self._approved: dict[str, tuple[str, Digest]] = {
            part: (sums[part], hashlib.sha256()) for part in payload.parts if part in sums
        }
        self._whole = payload.name

    def update(self, part: str, piece: memoryview) -> None:
        for name in {part, self._whole}:
            if name in self._promised:
                self._promised[name][1].update(piece)
        if part in self._approved:
            self._approved[part][1].update(piece)

    def expect(self) -> None:
        for part, (approved, digest) in self._approved.items():
            if digest.hexdigest() != approved:
                raise OvaInvalid(
                    Text(
                        _(
                            "“%(name)s” was changed while it was in use: SHA-256 %(expected)s was approved, "
                            "%(found)s was sent."
                        ),
                        name=part,
                        expected=approved,
                        found=digest.hexdigest(),
                    ),
                    reason="changed",
                    remedy=Text(
                        _("See that nobody writes to the template, record the plan anew and approve it.")
                    ),
                )
        for name, (promised, digest) in self._promised.items():
            promised.expect(digest, name)


def _content(
    template: Template, payload: Payload, proof: _Proof, advance: Callable[[int], None]
) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(PIECE_BYTES))
    for part in payload.parts:
        for piece in template.pieces(part, buffer):
            yield piece
            proof.update(part, piece)
            advance(len(piece))


def _unpacked(template: Template, payload: Payload, content: Iterator[memoryview]) -> Iterator[bytes]:
    capacity = next(
        (
            disk.capacity_bytes
            for disk in template.descriptor.disks
            if disk.file_href and template.payloads[disk.file_href] is payload
        ),
        None,
    )
    limit = None if capacity is None else capacity + capacity // _OVERHEAD_SHARE + _OVERHEAD_BYTES
    unpacker = Unpacker(payload.name, limit_bytes=limit)
    for piece in content:
        yield from unpacker.pieces(piece)
    unpacker.finish()


def _send_chunked(connection: http.client.HTTPSConnection, pieces: Iterator[bytes]) -> None:
    """RFC 9112, 7.1: what gzip tells of the size at its end is that size modulo 4 GiB, so it is not announced."""
    for piece in pieces:
        connection.send(f"{len(piece):X}\r\n".encode())
        connection.send(piece)
        connection.send(b"\r\n")
    connection.send(b"0\r\n\r\n")


def _announce(
    connection: http.client.HTTPSConnection, target: UploadTarget, *, size: int | None, create: bool
) -> None:
    connection.putrequest("PUT" if create else "POST", target.path, skip_accept_encoding=True)
    if size is None:
        connection.putheader("Transfer-Encoding", "chunked")
    else:
        connection.putheader("Content-Length", str(size))
    if create:
        connection.putheader("Overwrite", "t")
    else:
        connection.putheader("Content-Type", "application/x-vnd.vmware-streamVmdk")
    connection.endheaders()


def _answer(connection: http.client.HTTPSConnection) -> tuple[int, str]:
    try:
        with connection.getresponse() as response:
            return response.status, _said(response)
    except (http.client.HTTPException, ConnectionError) as error:
        # An answer that is none, or none at all where the host hung up.
        raise Broken(type(error).__name__) from None


def _said(response: http.client.HTTPResponse) -> str:
    """The reason, and what a host that refuses explains in its own words; HTML is for people with a browser."""
    if response.status // 100 == 2 or response.headers.get_content_type() != "text/plain":
        return response.reason
    explanation = b""
    with contextlib.suppress(http.client.HTTPException, OSError, Stalled, Broken):
        explanation = response.read(_LONGEST_EXPLANATION)
    first = " ".join(explanation.decode("utf-8", "replace").split())
    return f"{response.reason}: {first}" if first else response.reason


def _last_words(connection: http.client.HTTPSConnection, patient: PatientSocket) -> tuple[int, str] | None:
    """A host that refuses in the middle often says why before it hangs up; None where it did not."""
    patient.stall_s = _LAST_WORDS_S
    try:
        return _answer(connection)
    except (Stalled, Broken):
        return None


def _stalled(name: str, target: UploadTarget, stall_s: float) -> UploadBroken:
    return UploadBroken(
        Text(
            _("Host %(host)s took nothing of “%(name)s” for %(seconds)d seconds."),
            host=target.host,
            name=name,
            seconds=round(stall_s),
        ),
        remedy=Text(
            _("Check the host's datastore and the network between this server and it; then deploy again.")
        ),
        address=target.address,
        step="upload",
    )


def _broken(name: str, target: UploadTarget, error: str, last_words: tuple[int, str] | None) -> UploadFailed:
    if last_words is not None:
        return _refused(name, target, *last_words)
    return UploadBroken(
        Text(
            _("The connection to host %(host)s broke while “%(name)s” was sent (%(reason)s)."),
            host=target.host,
            name=name,
            reason=error,
        ),
        remedy=open_the_way(target),
        address=target.address,
        step="upload",
    )


def _refused(name: str, target: UploadTarget, status: int, reason: str) -> UploadRefused:
    return UploadRefused(
        Text(
            _("Host %(host)s answered “%(answer)s” to the upload of “%(name)s”."),
            host=target.host,
            answer=f"{status} {reason}".strip()[:200],
            name=name,
        ),
        status=status,
        remedy=Text(
            _(
                "Look at the host's events in vCenter: its datastore may be full or in trouble; "
                "then deploy again."
            )
        ),
        address=target.address,
    )
