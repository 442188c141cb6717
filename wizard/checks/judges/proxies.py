"""The proxy, if there is one (asr-facts 3.9)."""

from __future__ import annotations

from urllib.parse import urlsplit

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


@judge("proxy_scheme")
def judge_scheme(facts: Facts, params: Params) -> Verdict:
    """Fact identity.proxy: an address, or None for a direct connection."""
    expected = Text(_("http://, or no proxy"))
    proxy = facts["identity.proxy"]
    if not proxy:
        return _direct(expected)
    scheme = urlsplit(proxy).scheme.lower()
    right = scheme == "http"
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("The proxy is spoken to with http://."))
        if right
        else Text(
            _("The proxy has the scheme %(scheme)s, which Site Recovery does not support."), scheme=scheme
        ),
        observed=Text("%(scheme)s://", scheme=scheme),
        expected=expected,
    )


@judge("proxy_authentication")
def judge_authentication(facts: Facts, params: Params) -> Verdict:
    """Facts identity.proxy and proxy.reach {scheme, host, resolves, reached, wants_credentials, detail}."""
    expected = Text(_("no authentication, or no proxy"))
    seen = facts["proxy.reach"]
    if not facts["identity.proxy"]:
        return _direct(expected)
    status: VerdictStatus
    if seen["wants_credentials"]:
        status = "fail"
        summary = Text(_("The proxy %(host)s asks for credentials."), host=seen["host"])
        observed = Text(_("asks for credentials (407)"))
    elif seen["reached"]:
        status = "pass"
        summary = Text(_("The proxy %(host)s asks for no credentials."), host=seen["host"])
        observed = Text(_("no authentication"))
    else:
        status = "unknown"
        summary = Text(
            _("The proxy %(host)s gave no answer, so it is not known what it asks for."), host=seen["host"]
        )
        observed = Text(_("no answer"))
    return Verdict(status=status, summary=summary, observed=observed, expected=expected)


@judge("proxy_reach")
def judge_reach(facts: Facts, params: Params) -> Verdict:
    """Facts identity.proxy and proxy.reach, as above."""
    expected = Text(_("the name resolves and the proxy answers, or no proxy"))
    seen = facts["proxy.reach"]
    if not facts["identity.proxy"]:
        return _direct(expected)
    if not seen["resolves"]:
        status: VerdictStatus = "fail"
        summary = Text(_("The name of the proxy %(host)s does not resolve."), host=seen["host"])
    elif not seen["reached"]:
        status = "fail"
        summary = Text(_("The proxy %(host)s does not answer."), host=seen["host"])
    else:
        status, summary = "pass", Text(_("The proxy %(host)s answers."), host=seen["host"])
    return Verdict(status=status, summary=summary, observed=seen["detail"], expected=expected)


def _direct(expected: Text) -> Verdict:
    return Verdict(
        status="pass",
        summary=Text(_("No proxy is used.")),
        observed=Text(_("direct connection")),
        expected=expected,
    )
