"""The vCenter itself: reach, certificate, account, version, privileges (asr-facts 3.10, 5 and 8)."""

from __future__ import annotations

from datetime import date, datetime

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


@judge("vcenter_reach")
def judge_vcenter_reach(facts: Facts, params: Params) -> Verdict:
    """Fact vcenter.reach {address, port, reached, detail}."""
    seen = facts["vcenter.reach"]
    where = {"address": seen["address"], "port": seen["port"]}
    return Verdict(
        status="pass" if seen["reached"] else "fail",
        summary=Text(_("%(address)s accepts connections on port %(port)s."), **where)
        if seen["reached"]
        else Text(_("%(address)s cannot be reached on port %(port)s."), **where),
        observed=seen["detail"],
        expected=Text(_("TCP port %(port)s of %(address)s open from here"), **where),
    )


@judge("vcenter_certificate")
def judge_certificate(facts: Facts, params: Params) -> Verdict:
    """Facts vcenter.certificate {not_after, matches_host, sha256} and today; parameter warn_days."""
    certificate, today = facts["vcenter.certificate"], facts["today"]
    ends = _day(certificate["not_after"])
    left = (ends - today).days
    status: VerdictStatus
    if left < 0:
        status, summary = "fail", Text(_("The certificate of vCenter has expired."))
    elif not certificate["matches_host"]:
        status = "warn"
        summary = Text(_("The certificate of vCenter is for another name than the one entered."))
    elif left < params["warn_days"]:
        status, summary = (
            "warn",
            Text(_("The certificate of vCenter expires on %(day)s."), day=ends.isoformat()),
        )
    else:
        status, summary = "pass", Text(_("The certificate of vCenter is valid."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("valid until %(day)s"), day=ends.isoformat()),
        expected=Text(_("valid for %(days)s days or more, for the name entered"), days=params["warn_days"]),
        details=(Text(_("SHA-256 %(thumbprint)s"), thumbprint=certificate["sha256"]),),
    )


@judge("vcenter_sign_in")
def judge_sign_in(facts: Facts, params: Params) -> Verdict:
    signed_in = facts["vcenter.signed_in"]
    return Verdict(
        status="pass" if signed_in else "fail",
        summary=Text(_("The account can sign in to vCenter."))
        if signed_in
        else Text(_("vCenter does not let the account sign in.")),
        observed=Text(_("signed in")) if signed_in else Text(_("refused")),
        expected=Text(_("signed in")),
    )


@judge("vsphere_version")
def judge_version(facts: Facts, params: Params) -> Verdict:
    """Fact vcenter.about; `supported` are the releases of the newest matrix, `older` those of older ones."""
    version = facts["vcenter.about"]["version"]
    release = ".".join(version.split(".")[:2])
    status: VerdictStatus
    if release in params["supported"]:
        status, summary = "pass", Text(_("vSphere %(version)s is supported."), version=version)
    elif release in params["older"]:
        status = "warn"
        summary = Text(_("vSphere %(version)s is in older support matrices only."), version=version)
    else:
        status = "fail"
        summary = Text(_("vSphere %(version)s is not in the support matrix."), version=version)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text("%(version)s", version=version),
        expected=Text("%(versions)s", versions=list(params["supported"])),
    )


@judge("privileges")
def judge_privileges(facts: Facts, params: Params) -> Verdict:
    """The one fact is a list of {object, privilege_id, name} that the account lacks.

    The parameter check_ids maps privilege ids, or whole groups as `VirtualMachine.Config.*`, to rows of
    asr-facts 5.2.
    """
    (gaps,) = facts.values()
    check_ids = params.get("check_ids", {})
    details = []
    for gap in gaps:
        privilege = gap["privilege_id"]
        check_id = check_ids.get(privilege) or check_ids.get(f"{privilege.rpartition('.')[0]}.*")
        named = {"name": gap["name"], "privilege": privilege, "object": gap["object"]}
        if check_id:
            details.append(
                Text(_("%(check)s: “%(name)s” (%(privilege)s) on %(object)s"), check=check_id, **named)
            )
        else:
            details.append(Text(_("“%(name)s” (%(privilege)s) on %(object)s"), **named))
    return Verdict(
        status="fail" if gaps else "pass",
        summary=Text(_("Privileges that the account lacks: %(number)s."), number=len(gaps))
        if gaps
        else Text(_("The account has every privilege that is needed.")),
        observed=Text(_("missing: %(number)s"), number=len(gaps)),
        expected=Text(_("none missing")),
        details=tuple(details),
    )


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).date()
