"""Under which name and address the machine will be known."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.journey.lists import split_text, without_repeats
from wizard.planning import addressing, naming
from wizard.planning.quoting import refusal
from wizard.text import Text, _

_CONTROL_PORT = 443

DEFAULT_NTP = ("time.windows.com", "time.nist.gov")


class NetworkAnswers(StepAnswers):
    """A static IPv4 identity (asr-facts 3.4, NET-01). Mask, lists and proxy are stored in canonical form."""

    blank_is_an_answer = frozenset({"ntp"})

    host_name: Annotated[
        str,
        AfterValidator(naming.host_name),
        ask(_("Host name"), _("At most 15 characters, without a domain."), autocomplete="off", width=15),
    ]
    dns_suffix: Annotated[
        str,
        AfterValidator(lambda value: naming.dns_name(value) if value else value),
        ask(
            _("DNS suffix"),
            _("The domain of the host name, such as example.net."),
            autocomplete="off",
            width=30,
        ),
    ] = ""
    address: Annotated[
        str,
        AfterValidator(addressing.own_address),
        ask(
            _("IPv4 address"),
            _("Static, never from DHCP. It cannot change after registration."),
            autocomplete="off",
            width=15,
        ),
    ]
    netmask: Annotated[
        str,
        AfterValidator(addressing.netmask),
        ask(_("Subnet mask"), _("Such as 255.255.255.0 or /24."), autocomplete="off", width=15),
    ]
    gateway: Annotated[
        str,
        AfterValidator(addressing.own_address),
        ask(_("Default gateway"), _("The router of the subnet."), autocomplete="off", width=15),
    ]
    dns: Annotated[
        list[Annotated[str, AfterValidator(addressing.server_address)]],
        Field(min_length=1, max_length=3),
        BeforeValidator(split_text),
        AfterValidator(without_repeats),
        ask(_("DNS servers"), _("One to three IPv4 addresses."), autocomplete="off", width=40),
    ]
    ntp: Annotated[
        list[Annotated[str, AfterValidator(addressing.server_name)]],
        Field(max_length=3),
        BeforeValidator(split_text),
        AfterValidator(without_repeats),
        ask(
            _("Time servers"),
            _(
                "Up to three names or addresses. Registration fails when the clock is off by more than "
                "5 minutes."
            ),
            autocomplete="off",
            width=40,
        ),
    ] = list(DEFAULT_NTP)
    proxy: Annotated[
        str | None,
        AfterValidator(lambda value: value if value is None else addressing.proxy(value)),
        ask(
            _("Proxy"),
            _("Only if the Internet is reached through one: http://host:port, without a user name."),
            autocomplete="off",
            width=40,
        ),
    ] = None
    data_port: Annotated[
        int,
        AfterValidator(addressing.data_port),
        ask(
            _("Data port"),
            _("Where the process server receives replication data. 9443 as a rule, never 443."),
            widget="number",
            autocomplete="off",
            width=5,
        ),
    ] = addressing.DEFAULT_DATA_PORT

    @model_validator(mode="after")
    def _address_and_gateway_fit_the_subnet(self) -> Self:
        try:
            addressing.check_place_in_subnet(self.address, self.netmask)
        except ValueError as wrong:
            raise FieldProblem("address", _text_of(wrong)) from None
        try:
            addressing.check_gateway(self.gateway, self.address, self.netmask)
        except ValueError as wrong:
            raise FieldProblem("gateway", _text_of(wrong)) from None
        return self

    @model_validator(mode="after")
    def _own_address_is_no_server(self) -> Self:
        for field, servers in (("dns", self.dns), ("ntp", self.ntp)):
            if self.address in servers:
                raise FieldProblem(
                    field,
                    Text(
                        _("%(found)s is the appliance's own address, which offers no such service."),
                        found=self.address,
                    ),
                )
        return self


def _text_of(wrong: ValueError) -> Text:
    text = wrong.args[0]
    assert isinstance(text, Text)  # noqa: S101 - every rule of planning raises one
    return text


def _appliance_port(value: int) -> int:
    if value == _CONTROL_PORT:
        raise refusal(
            _(
                "443 is the port at which the replication appliance is controlled. The data port is another "
                "one, as a rule %(usual)s."
            ),
            usual=addressing.DEFAULT_DATA_PORT,
        )
    return addressing.data_port(value)


class ApplianceNetworkAnswers(NetworkAnswers):
    """The same for the replication appliance, whose data port may be changed as well (asr-facts 1.4, M02)."""

    data_port: Annotated[
        int,
        AfterValidator(_appliance_port),
        ask(
            _("Data port"),
            _("Where the replication appliance receives replication data. 9443 as a rule, never 443."),
            widget="number",
            autocomplete="off",
            width=5,
        ),
    ] = addressing.DEFAULT_DATA_PORT
