"""Whether somebody opens TLS on the way to Azure (asr-facts PRX-06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _


@judge("tls_inspection")
def judge_tls_inspection(facts: Facts, params: Params) -> Verdict:
    """Fact urls.reach, hint host.reach.endpoints; parameter authorities: words in the names of public ones.

    Where the machine that is set up saw certificates, its way is judged. That machine may trust the authority
    of an inspecting device, so a valid certificate proves nothing there: its issuer must be a public authority,
    or the one that this server was shown and trusts.
    """
    tried = _seen_by_target(facts, params["authorities"]) or _seen_from_here(facts)
    suspicious = [(host, issuer) for host, issuer, strange in tried if strange]
    issuers = sorted({issuer for _host, issuer in suspicious if issuer})
    return Verdict(
        status="fail" if suspicious else "pass" if tried else "unknown",
        summary=Text(_("TLS is probably inspected on the way. Hosts: %(number)s."), number=len(suspicious))
        if suspicious
        else Text(_("Every host presents a certificate that is trusted."))
        if tried
        else Text(_("No certificate could be looked at.")),
        observed=Text(_("issued by %(issuers)s"), issuers=issuers)
        if suspicious
        else Text(_("certificates looked at: %(number)s"), number=len(tried)),
        expected=Text(_("certificates of public authorities")),
        details=tuple(
            Text(_("%(host)s: certificate issued by “%(issuer)s”"), host=host, issuer=issuer)
            for host, issuer in suspicious
        ),
    )


def _seen_from_here(facts: Facts) -> list[tuple[str, str, bool]]:
    """Host, issuer, and whether the certificate is strange."""
    return [
        (item["host"], item["issuer"] or "", item["tls_suspicious"])
        for item in facts["urls.reach"]
        if item["issuer"] or item["tls_suspicious"]
    ]


def _seen_by_target(facts: Facts, authorities: Sequence[str]) -> list[tuple[str, str, bool]]:
    trusted_here = {
        item["host"].lower(): item["issuer"]
        for item in facts["urls.reach"]
        if item["issuer"] and not item["tls_suspicious"]
    }
    return [
        (item["host"], item["issuer"], not _is_public(item, trusted_here, authorities))
        for item in facts.get("host.reach.endpoints", ())
        if item["issuer"]
    ]


def _is_public(item: Mapping[str, Any], trusted_here: Mapping[str, str], authorities: Sequence[str]) -> bool:
    issuer = item["issuer"].lower()
    here = trusted_here.get(item["host"].lower())
    return bool(here and here.lower() in issuer) or any(word.lower() in issuer for word in authorities)
