"""The web server of the configuration server, before setup and after (asr-facts 3.3)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


@judge("no_web_site")
def judge_no_web_site(facts: Facts, params: Params) -> Verdict:
    """Fact host.iis.sites; empty where IIS is not installed (IIS-01)."""
    names = [site["name"] for site in facts["host.iis.sites"]]
    return Verdict(
        status="fail" if names else "pass",
        summary=Text(_("A web site is there already.")) if names else Text(_("No web site is there yet.")),
        observed=Text("%(names)s", names=names) if names else Text(_("none")),
        expected=Text(_("none")),
    )


@judge("anonymous_authentication")
def judge_anonymous_authentication(facts: Facts, params: Params) -> Verdict:
    """Fact host.iis.anonymous, None without IIS; parameter without_iis: the verdict then (IIS-03)."""
    allowed = facts["host.iis.anonymous"]
    status: VerdictStatus
    if allowed is None:
        status, summary = params["without_iis"], Text(_("IIS is not installed."))
        observed = Text(_("not installed"))
    elif allowed:
        status, summary = "pass", Text(_("Anonymous authentication is allowed."))
        observed = Text(_("allowed"))
    else:
        status, summary = "fail", Text(_("Anonymous authentication is not allowed."))
        observed = Text(_("not allowed"))
    return Verdict(status=status, summary=summary, observed=observed, expected=Text(_("allowed")))


@judge("fastcgi")
def judge_fastcgi(facts: Facts, params: Params) -> Verdict:
    """Fact host.iis.fastcgi {installed, locked: True, False or None}; parameter without_iis (IIS-04)."""
    module = facts["host.iis.fastcgi"]
    status: VerdictStatus
    if module["locked"]:
        status, summary = "fail", Text(_("The FastCGI section of IIS is locked."))
        observed = Text(_("locked"))
    elif not module["installed"]:
        status, summary = params["without_iis"], Text(_("FastCGI is not installed."))
        observed = Text(_("not installed"))
    else:
        status, summary = "pass", Text(_("FastCGI is installed and not locked."))
        observed = Text(_("installed"))
    return Verdict(
        status=status, summary=summary, observed=observed, expected=Text(_("installed with IIS, not locked"))
    )
