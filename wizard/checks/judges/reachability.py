"""Addresses in Azure: reached or not, and where the way ends (asr-facts 3.6 and 3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


@judge("endpoint")
def judge_endpoint(facts: Facts, params: Params) -> Verdict:
    """Fact urls.reach; parameters endpoints (the ids of this row) and hosts (their patterns), in one order.

    An example of ours that DNS does not know proves nothing about the pattern: then the row is not known. A
    pattern without any public host is only mentioned while another one of the row was tried.
    """
    items = [item for item in facts["urls.reach"] if item["endpoint_id"] in params["endpoints"]]
    closed = [item for item in items if not item["reached"] and not _vanished(item)]
    vanished = [item for item in items if _vanished(item)]
    reached = [item for item in items if item["reached"]]
    hosts = params["hosts"]
    status: VerdictStatus
    if closed:
        status = "fail"
        summary = Text(_("%(hosts)s cannot be reached from here."), hosts=[item["host"] for item in closed])
    elif vanished or not items:
        status = "unknown"
        summary = Text(
            _("No public host below %(hosts)s can be tried from here; try the name of your own account."),
            hosts=[item["pattern"] for item in vanished] or hosts,
        )
    else:
        status, summary = "pass", Text(_("%(hosts)s can be reached from here."), hosts=hosts)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("%(reached)s of %(all)s reached"), reached=len(reached), all=len(items)),
        expected=Text(_("every one reached")),
        details=(
            *(_tell(item) for item in (*closed, *vanished, *reached)),
            *(
                Text(_("%(host)s: no public host is known below it, so it was not tried."), host=pattern)
                for endpoint_id, pattern in zip(params["endpoints"], hosts, strict=True)
                if endpoint_id not in {item["endpoint_id"] for item in items}
            ),
        ),
    )


@judge("tls_inspection")
def judge_tls_inspection(facts: Facts, params: Params) -> Verdict:
    """Fact urls.reach: certificates that the host's owner would not present (asr-facts PRX-06)."""
    suspicious = [item for item in facts["urls.reach"] if item["tls_suspicious"]]
    issuers = sorted({item["issuer"] for item in suspicious if item["issuer"]})
    tried = [item for item in facts["urls.reach"] if item["issuer"]]
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
            Text(_("%(host)s: certificate issued by “%(issuer)s”"), host=item["host"], issuer=item["issuer"])
            for item in suspicious
        ),
    )


def _vanished(item: Mapping[str, Any]) -> bool:
    return bool(item["example"] and not item["reached"] and item["failure"] == "no_such_name")


def _tell(item: Mapping[str, Any]) -> Text:
    if item["remedy"]:
        return Text(
            "%(host)s: %(detail)s %(remedy)s", host=item["host"], detail=item["detail"], remedy=item["remedy"]
        )
    return Text("%(host)s: %(detail)s", host=item["host"], detail=item["detail"])
