"""Sends one file of an OVA to the ESXi host that takes it, hashing it on the way."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from contextlib import closing
from typing import cast

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.errors import UploadFailed
from wizard.vsphere.ova import PIECE_BYTES, Ova
from wizard.vsphere.pace import Pace
from wizard.vsphere.patient_socket import Broken, PatientSocket, Stalled
from wizard.vsphere.upload_target import UploadTarget, open_connection, open_the_way

_LAST_WORDS_S = 2.0


def upload(
    ova: Ova,
    name: str,
    target: UploadTarget,
    *,
    create: bool,
    pace: Pace,
    check: Callable[[], None],
    book: AddressBook,
    connect_s: float,
    stall_s: float,
) -> None:
    """Send one member from inside the archive in pieces of 1 MiB; compare it with the manifest at the end.

    `create` is what the import spec says of the file: a disk is posted into the machine, any other file is
    put. `check` is called often; what it raises comes out. Raises UploadFailed, or OvaInvalid
    where the content is not what the manifest promises.
    """
    checksum = ova.manifest.get(name)
    digest = checksum.start() if checksum else None
    connection = open_connection(target, book=book, connect_s=connect_s)
    with closing(connection):
        patient = PatientSocket(connection.sock, check=check, stall_s=stall_s)
        connection.sock = cast(ssl.SSLSocket, patient)
        try:
            _announce(connection, target, size=ova.members[name].size, create=create)
            for piece in ova.pieces(name, memoryview(bytearray(PIECE_BYTES))):
                connection.send(piece)
                if digest:
                    digest.update(piece)
                pace.advance(len(piece))
            status, reason = _answer(connection)
        except Stalled:
            raise _stalled(name, target, stall_s) from None
        except Broken as error:
            raise _broken(name, target, str(error), _last_words(connection, patient)) from None
    if status // 100 != 2:
        raise _refused(name, target, f"{status} {reason}".strip())
    if checksum and digest:
        checksum.expect(digest, name)


def _announce(
    connection: http.client.HTTPSConnection, target: UploadTarget, *, size: int, create: bool
) -> None:
    connection.putrequest("PUT" if create else "POST", target.path, skip_accept_encoding=True)
    connection.putheader("Content-Length", str(size))
    if create:
        connection.putheader("Overwrite", "t")
    else:
        connection.putheader("Content-Type", "application/x-vnd.vmware-streamVmdk")
    connection.endheaders()


def _answer(connection: http.client.HTTPSConnection) -> tuple[int, str]:
    try:
        with connection.getresponse() as response:
            return response.status, response.reason
    except (http.client.HTTPException, ConnectionError) as error:
        # An answer that is none, or none at all where the host hung up.
        raise Broken(type(error).__name__) from None


def _last_words(connection: http.client.HTTPSConnection, patient: PatientSocket) -> str:
    """A host that refuses in the middle often says why before it hangs up; empty where it did not."""
    patient.stall_s = _LAST_WORDS_S
    try:
        status, reason = _answer(connection)
    except (Stalled, Broken):
        return ""
    return f"{status} {reason}".strip()


def _stalled(name: str, target: UploadTarget, stall_s: float) -> UploadFailed:
    return UploadFailed(
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


def _broken(name: str, target: UploadTarget, error: str, last_words: str) -> UploadFailed:
    if last_words:
        return _refused(name, target, last_words)
    return UploadFailed(
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


def _refused(name: str, target: UploadTarget, answer: str) -> UploadFailed:
    return UploadFailed(
        Text(
            _("Host %(host)s answered “%(answer)s” to the upload of “%(name)s”."),
            host=target.host,
            answer=answer[:200],
            name=name,
        ),
        remedy=Text(
            _(
                "Look at the host's events in vCenter: its datastore may be full or in trouble; "
                "then deploy again."
            )
        ),
        address=target.address,
        step="upload",
    )
