"""How the facts of a machine that was not made from the template reach the wizard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.planning.addressing import server_name
from wizard.planning.digests import thumbprint
from wizard.planning.quoting import refusal, shown
from wizard.text import Text, _

_PORTS: Final = {"https": 5986, "http": 5985}
_OTHER: Final = {"https": "http", "http": "https"}


def _address(value: str) -> str:
    if ":" in value:
        raise refusal(
            _(
                "“%(found)s” contains a colon. Give a DNS name or an IPv4 address alone; the port has a field of "
                "its own."
            ),
            found=shown(value),
        )
    return server_name(value)


class EvidenceAnswers(StepAnswers):
    """By hand needs nothing more; what is given for WinRM all the same is dropped.

    Over HTTPS the certificate is pinned. Over HTTP the messages themselves are encrypted, which Basic cannot.
    """

    way: Annotated[
        Literal["winrm", "by_hand"],
        ask(
            _("How the facts are collected"),
            _("The same read-only script runs either way, and gives the same results."),
            widget="radios",
            choices={
                "winrm": _("Over the network with WinRM"),
                "by_hand": _("By hand: download the script, run it, upload its result"),
            },
            hints={
                "winrm": _("One click collects again, and the installation can be carried out from here."),
                "by_hand": _("For a machine that this server does not reach."),
            },
        ),
    ]
    host: Annotated[
        str,
        AfterValidator(lambda value: _address(value) if value else value),
        ask(
            _("Address of the machine"),
            _("DNS name or IPv4 address at which its WinRM service answers."),
            autocomplete="off",
            width=40,
        ),
    ] = ""
    transport: Annotated[
        Literal["https", "http"],
        ask(
            _("Transport"),
            _("How the connection to WinRM is protected."),
            widget="radios",
            choices={"https": _("HTTPS"), "http": _("HTTP with encrypted messages")},
            hints={
                "https": _("Recommended. You confirm the certificate of the machine once."),
                "http": _("Only where WinRM has no certificate. Basic authentication is refused."),
            },
        ),
    ] = "https"
    port: Annotated[
        int,
        Field(ge=1, le=65535),
        ask(
            _("Port"),
            _("5986 with HTTPS, 5985 with HTTP, unless it was changed."),
            widget="number",
            autocomplete="off",
            width=5,
        ),
    ] = _PORTS["https"]
    auth: Annotated[
        Literal["negotiate", "ntlm", "basic"],
        ask(
            _("Authentication"),
            _("How the account proves itself to WinRM."),
            widget="radios",
            choices={
                "negotiate": _("Negotiate (with NTLM, not Kerberos)"),
                "ntlm": _("NTLM"),
                "basic": _("Basic"),
            },
            hints={"basic": _("Local accounts only, and with HTTPS only.")},
        ),
    ] = "negotiate"
    credential: Annotated[
        str | None,
        Field(max_length=100),
        ask(
            _("Account"),
            _("The name of a stored Windows credential. The password itself is never part of the answers."),
            widget="select",
        ),
    ] = None
    thumbprint_sha256: Annotated[
        str | None,
        AfterValidator(lambda value: value if value is None else thumbprint(value)),
        ask(
            _("Certificate thumbprint (SHA-256)"),
            _("With HTTPS: the certificate that you confirmed. A different one is refused from then on."),
            autocomplete="off",
            width=96,
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _only_what_the_way_needs(cls, answers: Any) -> Any:
        if not isinstance(answers, Mapping):
            return answers
        if answers.get("way") == "by_hand":
            return {name: value for name, value in answers.items() if name not in _FOR_WINRM}
        if answers.get("transport") != "http":
            return answers
        # A form sends its preset port along; whoever gives none means that of the transport.
        port = {"port": _PORTS["http"]} if _blank(answers.get("port")) else {}
        return {name: value for name, value in answers.items() if name != "thumbprint_sha256"} | port

    @field_validator("host")
    @classmethod
    def _host_is_given(cls, host: str, info: ValidationInfo) -> str:
        if info.data.get("way") == "winrm" and not host:
            raise _missing(_("WinRM needs the address of the machine. Give its DNS name or IPv4 address."))
        return host

    @field_validator("port")
    @classmethod
    def _port_is_not_the_other_one(cls, port: int, info: ValidationInfo) -> int:
        transport = info.data.get("transport")
        if transport in _PORTS and port == _PORTS[_OTHER[transport]]:
            raise refusal(
                _(
                    "%(found)s is WinRM's port for %(other)s, but the transport is %(transport)s. Give "
                    "%(expected)s, or choose %(other)s."
                ),
                found=port,
                other=_OTHER[transport].upper(),
                transport=transport.upper(),
                expected=_PORTS[transport],
            )
        return port

    @field_validator("auth")
    @classmethod
    def _basic_needs_https(cls, auth: str, info: ValidationInfo) -> str:
        if auth == "basic" and info.data.get("transport") == "http":
            raise FieldProblem(
                "",
                Text(
                    _(
                        "Basic authentication over HTTP would show the password to everybody on the way. "
                        "Choose HTTPS, or Negotiate."
                    )
                ),
                code="contradiction",
            )
        return auth

    @field_validator("credential")
    @classmethod
    def _account_is_given(cls, credential: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("way") == "winrm" and not credential:
            raise _missing(_("WinRM needs an account. Choose a stored Windows credential."))
        return credential

    @field_validator("thumbprint_sha256")
    @classmethod
    def _certificate_is_confirmed(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("way") == "winrm" and info.data.get("transport") == "https" and not value:
            raise _missing(
                _("Nobody has confirmed the certificate of the machine. Test the connection and confirm it.")
            )
        return value


_FOR_WINRM: Final = frozenset(EvidenceAnswers.model_fields) - {"way"}


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _missing(template: str) -> FieldProblem:
    return FieldProblem("", Text(template), code="missing")
