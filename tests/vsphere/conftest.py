from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.tools import missing
from tests.vsphere.relay import Relay, relaying
from wizard.lab.build import LabUnavailable
from wizard.lab.certificates import Authority
from wizard.lab.inventory import worldly_inventory
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.session import Session, connect

SignIn = Callable[..., AbstractContextManager[Session]]


@pytest.fixture
def sign_in(vcenter: LabVCenter) -> SignIn:
    """Connect as one of the lab's accounts."""

    def as_account(key: str = "asr-operator", *, timeout_s: float = 10.0) -> AbstractContextManager[Session]:
        return connect(endpoint_of(vcenter), account_of(vcenter, key), book=vcenter.book, timeout_s=timeout_s)

    return as_account


@pytest.fixture
def session(sign_in: SignIn) -> Iterator[Session]:
    with sign_in() as signed_in:
        yield signed_in


@pytest.fixture
def relay(vcenter: LabVCenter) -> Iterator[Relay]:
    with relaying(vcenter) as running:
        yield running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def endpoint_of(vcenter: LabVCenter) -> Endpoint:
    return Endpoint(host=vcenter.name, port=443, thumbprint_sha256=vcenter.thumbprint_sha256)


def account_of(vcenter: LabVCenter, key: str = "asr-operator") -> Account:
    credentials = vcenter.account(key)
    return Account(username=credentials.username, password=credentials.password)


@pytest.fixture(scope="module")
def worldly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    """Data centres with the names and arrangements that are met in practice."""
    try:
        vcenter = LabVCenter(directory=tmp_path_factory.mktemp("worldly"), inventory=worldly_inventory())
    except LabUnavailable as error:
        missing(str(error))
    with vcenter:
        yield vcenter
