"""FIPS mode, TLS and the certificate of the web site on the machine itself (asr-facts 3.3)."""

from __future__ import annotations

from datetime import datetime

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


@judge("fips_off")
def judge_fips_off(facts: Facts, params: Params) -> Verdict:
    """Facts host.crypto.fips_documented and fips_enabled, each None where not set: both count (SEC-01)."""
    values = (facts["host.crypto.fips_documented"], facts["host.crypto.fips_enabled"])
    on = any(value not in (None, 0) for value in values)
    return Verdict(
        status="fail" if on else "pass",
        summary=Text(_("FIPS mode is on.")) if on else Text(_("FIPS mode is off.")),
        observed=Text(
            "fipsalgorithmpolicy: %(documented)s; Enabled: %(live)s",
            documented=_value(values[0]),
            live=_value(values[1]),
        ),
        expected=Text(_("not set, or 0")),
    )


@judge("newer_tls")
def judge_newer_tls(facts: Facts, params: Params) -> Verdict:
    """Fact host.crypto.schannel: TLS 1.2 on where TLS 1.0 is off (SEC-02). What is not set is on."""
    protocols = facts["host.crypto.schannel"]
    old, new = (_is_on(protocols[name]) for name in ("TLS 1.0", "TLS 1.2"))
    if old:
        summary = Text(_("TLS 1.0 is on, so nothing depends on TLS 1.2 alone."))
    elif new:
        summary = Text(_("TLS 1.0 is off, and TLS 1.2 is on."))
    else:
        summary = Text(_("TLS 1.0 is off, and TLS 1.2 is off as well."))
    return Verdict(
        status="pass" if old or new else "fail",
        summary=summary,
        observed=_tell_protocols(old, new),
        expected=Text(_("TLS 1.2 on")),
    )


@judge("older_tls")
def judge_older_tls(facts: Facts, params: Params) -> Verdict:
    """Fact host.crypto.schannel: old components need TLS 1.0 (SEC-05)."""
    protocols = facts["host.crypto.schannel"]
    old, new = (_is_on(protocols[name]) for name in ("TLS 1.0", "TLS 1.2"))
    return Verdict(
        status="pass" if old else "fail",
        summary=Text(_("TLS 1.0 is on."))
        if old
        else Text(_("TLS 1.0 is off: old components fail to load accounts.")),
        observed=_tell_protocols(old, new),
        expected=Text(_("TLS 1.0 on, or current components")),
    )


@judge("dotnet_for_newer_tls")
def judge_dotnet(facts: Facts, params: Params) -> Verdict:
    """Facts host.crypto.schannel, host.software.dotnet_release (None: absent); parameters release, version."""
    found, needed = (
        facts["host.software.dotnet_release"],
        not _is_on(facts["host.crypto.schannel"]["TLS 1.0"]),
    )
    enough = found is not None and found >= params["release"]
    if enough:
        summary = Text(_(".NET Framework is recent enough."))
    elif needed:
        summary = Text(_("TLS 1.0 is off, and .NET Framework is too old for TLS 1.2."))
    else:
        summary = Text(_("TLS 1.0 is on, so an older .NET Framework will do."))
    return Verdict(
        status="pass" if enough or not needed else "fail",
        summary=summary,
        observed=Text(_("release %(found)s"), found=_value(found)),
        expected=Text(
            _(".NET Framework %(version)s (release %(release)s) or later"),
            version=params["version"],
            release=params["release"],
        ),
    )


@judge("strong_crypto")
def judge_strong_crypto(facts: Facts, params: Params) -> Verdict:
    """Facts host.crypto.schannel, host.crypto.strong_crypto {native, wow64}, each None where not set (SEC-04)."""
    values = facts["host.crypto.strong_crypto"]
    needed = not _is_on(facts["host.crypto.schannel"]["TLS 1.0"])
    on = values["native"] == 1 and values["wow64"] == 1
    if on:
        summary = Text(_(".NET Framework uses strong cryptography."))
    elif needed:
        summary = Text(_("TLS 1.0 is off, and .NET Framework does not use strong cryptography."))
    else:
        summary = Text(_("TLS 1.0 is on, so .NET Framework may do without strong cryptography."))
    return Verdict(
        status="pass" if on or not needed else "fail",
        summary=summary,
        observed=Text(
            "64 bit: %(native)s; 32 bit: %(wow64)s",
            native=_value(values["native"]),
            wow64=_value(values["wow64"]),
        ),
        expected=Text(_("1 in both places")),
    )


@judge("site_certificate")
def judge_site_certificate(facts: Facts, params: Params) -> Verdict:
    """Facts host.certificates.bound_443 (None: none is bound), today; parameter warn_days (SEC-06)."""
    certificate = facts["host.certificates.bound_443"]
    expected = Text(_("more than %(days)s days left"), days=params["warn_days"])
    if certificate is None:
        return Verdict(
            status="fail",
            summary=Text(_("No certificate is bound to port 443.")),
            observed=Text(_("none")),
            expected=expected,
        )
    ends = datetime.fromisoformat(certificate["not_after"]).date()
    days = (ends - facts["today"]).days
    status: VerdictStatus
    if days < 0:
        status, summary = "fail", Text(_("The certificate of the web site has expired."))
    elif days <= params["warn_days"]:
        status, summary = "warn", Text(_("The certificate of the web site expires soon."))
    else:
        status, summary = "pass", Text(_("The certificate of the web site is valid."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text.counted(
            "valid until %(day)s, %(days)s day",
            "valid until %(day)s, %(days)s days",
            "days",
            day=ends.isoformat(),
            days=days,
        ),
        expected=expected,
        details=(
            Text(
                "%(subject)s, %(thumbprint)s",
                subject=certificate["subject"],
                thumbprint=certificate["thumbprint"],
            ),
        ),
    )


def _is_on(protocol: dict[str, int | None]) -> bool:
    return protocol["enabled"] != 0 and protocol["disabled_by_default"] in (None, 0)


def _value(value: int | None) -> Text:
    return Text(_("not set")) if value is None else Text("%(value)s", value=value)


def _tell_protocols(old: bool, new: bool) -> Text:
    return Text(
        "TLS 1.0: %(old)s; TLS 1.2: %(new)s",
        old=Text(_("on")) if old else Text(_("off")),
        new=Text(_("on")) if new else Text(_("off")),
    )
