"""How use cases get at the vCenter of a deployment: its confirmed address, its account, one session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from django.conf import settings

from wizard.addresses import AddressBook
from wizard.models import Credential
from wizard.services import credentials
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.session import Session, connect


def address_book() -> AddressBook:
    return AddressBook.parse(settings.CONNECT_TO)


@contextmanager
def open_session(answers: Mapping[str, Any]) -> Iterator[Session]:
    """Sign in with the answers of the vCenter step: pinned certificate, one attempt, signed out at the end.

    Raises Conflict for a credential that must not be tried, and the errors of `wizard.vsphere.session.connect`.
    """
    endpoint = Endpoint(
        host=answers["host"], port=answers["port"], thumbprint_sha256=answers["thumbprint_sha256"]
    )
    with ExitStack() as stack:
        with credentials.one_attempt(
            credentials.usable(answers["credential"], Credential.Kind.VCENTER)
        ) as account:
            session = stack.enter_context(connect(endpoint, account, book=address_book()))
        yield session
