"""How use cases get at a target machine: its confirmed address, its account, one session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from wizard.hosts.connection import HostConnection, Transport, open_host
from wizard.hosts.session import HostSession
from wizard.journey.errors import explain
from wizard.models import Credential, Deployment
from wizard.planning.addressing import server_name
from wizard.services import account_use, credentials, targets
from wizard.services.errors import Invalid
from wizard.services.vcenter_access import address_book
from wizard.vsphere.endpoint import Account

SIGN_IN_SECONDS: Final = 60.0

# The words of the answers, and those of the room that speaks to machines.
TRANSPORTS: Final[dict[str, Transport]] = {"https": "winrm_https", "http": "winrm_http", "ssh": "ssh"}
_PORTS: Final = {"https": 5986, "http": 5985, "ssh": 22}


class MachineAddress(BaseModel):
    """Where a machine is. Without a port the usual one of the transport is meant."""

    model_config = ConfigDict(extra="ignore")

    host: Annotated[str, AfterValidator(server_name)]
    transport: Literal["https", "http", "ssh"] = "https"
    port: Annotated[int, Field(ge=1, le=65535)]

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or given.get("port") not in (None, ""):
            return given
        return {**given, "port": _PORTS.get(given.get("transport") or "https")}


def read_address(given: Mapping[str, Any]) -> MachineAddress:
    """The address in some inputs. Raises Invalid that names the field."""
    try:
        address = MachineAddress.model_validate({k: v for k, v in given.items() if v not in (None, "")})
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    targets.require_none(targets.machine_refusals(address.model_dump()))
    return address


def usable_account(where: Mapping[str, Any], deployment: Deployment | None = None) -> Credential:
    """The account for a machine, and with a deployment one that this may use. Raises Conflict for a credential of another kind, and for one that must not be tried."""
    kind = Credential.Kind.LINUX if where["transport"] == "ssh" else Credential.Kind.WINDOWS
    return credentials.usable(where["credential"], kind, deployment=deployment)


@contextmanager
def open_machine(where: Mapping[str, Any], deployment: Deployment) -> Iterator[HostSession]:
    """Sign in with one attempt, and out at the end.

    `where` has host, port, transport (https, http, ssh), auth, credential (a name) and thumbprint_sha256 as the evidence step
    has them. Raises Conflict for a credential that must not be tried or is not (any more) for that deployment, and the errors
    of `wizard.hosts.connection.open_host`.
    """
    with ExitStack() as stack:
        credential = usable_account(where)
        account_use.refuse_other_teams(credential, deployment)
        with credentials.one_attempt(credential) as account:
            session = stack.enter_context(open_host(_connection(where, account), timeout_s=SIGN_IN_SECONDS))
        yield session


def _connection(where: Mapping[str, Any], account: Account) -> HostConnection:
    ssh = where["transport"] == "ssh"
    return HostConnection(
        host=where["host"],
        port=where["port"],
        username=account.username,
        password=account.password,
        transport=TRANSPORTS[where["transport"]],
        auth="password" if ssh else where["auth"],
        fingerprint_sha256=where.get("thumbprint_sha256"),
        book=address_book(),
    )
