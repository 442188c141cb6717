"""What else the template holds: adapters, guest, licence, manifest (asr-facts 2.3 and 3.4)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


@judge("adapter_type")
def judge_adapter_type(facts: Facts, params: Params) -> Verdict:
    """Every adapter is of the type in `wanted` (asr-facts NET-02)."""
    adapters = facts["template.descriptor"]["adapters"]
    wanted = params["wanted"]
    others = [item["type"] for item in adapters if item["type"].lower() != wanted.lower()]
    right = bool(adapters) and not others
    if right:
        summary = Text(_("Every network adapter is a %(wanted)s."), wanted=wanted.upper())
    elif adapters:
        summary = Text(_("The template has another network adapter than %(wanted)s."), wanted=wanted.upper())
    else:
        summary = Text(_("The template has no network adapter."))
    return Verdict(
        status="pass" if right else "fail",
        summary=summary,
        observed=Text("%(types)s", types=[item["type"] for item in adapters])
        if adapters
        else Text(_("no network adapter")),
        expected=Text("%(wanted)s", wanted=wanted.upper()),
    )


@judge("adapter_count")
def judge_adapter_count(facts: Facts, params: Params) -> Verdict:
    """One adapter, or two where replication and Azure are kept apart (asr-facts 2.3, NET-03, C5)."""
    found = len(facts["template.descriptor"]["adapters"])
    wrong = Text(_("The number of network adapters in the template is %(found)s."), found=found)
    return count_adapters(found, params["most"], wrong=wrong)


def count_adapters(found: int, most: int, *, wrong: Text) -> Verdict:
    """Whether there are 1 to `most`; `wrong` says that there are not."""
    right = 1 <= found <= most
    if found == 1:
        summary = Text(
            _("One network adapter serves replication and Azure. A second must be added before registration.")
        )
    else:
        summary = (
            Text(_("The first network adapter serves replication, the second Azure.")) if right else wrong
        )
    return Verdict(
        status="pass" if right else "fail",
        summary=summary,
        observed=Text(_("network adapters: %(number)s"), number=found),
        expected=Text(_("1 to %(most)s"), most=most),
    )


@judge("manifest")
def judge_manifest(facts: Facts, params: Params) -> Verdict:
    """The checksums of the template hold; without a manifest nothing vouches for it, which is a warning."""
    manifest = facts["template.manifest"]
    signed = Text(_("The manifest comes with a certificate.")) if manifest["has_certificate"] else None
    status: VerdictStatus
    if not manifest["has_manifest"]:
        status = "warn"
        summary = Text(_("The template has no manifest: damage in transit would not be noticed."))
        observed = Text(_("no manifest"))
    elif not manifest["verified"]:
        status = "fail"
        summary = Text(_("The template does not match its manifest: it is damaged or was changed."))
        observed = Text(_("manifest does not match"))
    else:
        status = "pass"
        summary = Text(_("The template matches its manifest."))
        observed = Text(_("manifest matches"))
    return Verdict(
        status=status,
        summary=summary,
        observed=observed,
        expected=Text(_("a manifest that matches")),
        details=(signed,) if signed else (),
    )


@judge("single_system")
def judge_single_system(facts: Facts, params: Params) -> Verdict:
    found = facts["template.descriptor"]["virtual_system_count"]
    return Verdict(
        status="pass" if found == 1 else "fail",
        summary=Text(_("The template describes one virtual machine."))
        if found == 1
        else Text(
            _("The template describes %(found)s virtual machines; it is not one of Site Recovery's."),
            found=found,
        ),
        observed=Text(_("virtual machines: %(number)s"), number=found),
        expected=Text(_("one virtual machine")),
    )


@judge("guest_os")
def judge_guest_os(facts: Facts, params: Params) -> Verdict:
    """The descriptor names the guest by its vSphere id (parameter ids) or in words (parameter words)."""
    descriptor = facts["template.descriptor"]
    named = descriptor["guest_os"] or descriptor["guest_os_type"]
    right = descriptor["guest_os_type"] in params["ids"] or any(
        words.lower() in descriptor["guest_os"].lower() for words in params["words"]
    )
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("The template holds %(expected)s."), expected=params["words"][0])
        if right
        else Text(_("The template does not say that it holds %(expected)s."), expected=params["words"][0]),
        observed=Text("%(named)s", named=named) if named else Text(_("not named")),
        expected=Text("%(words)s", words=params["words"][0]),
    )


@judge("licence")
def judge_licence(facts: Facts, params: Params) -> Verdict:
    """Microsoft's template carries a licence text; the Windows in it is an evaluation for `days` days."""
    length = len(facts["template.descriptor"]["license_text"].strip())
    ending = Text(
        _("Windows in the template is an evaluation for %(days)s days: plan its activation."),
        days=params["days"],
    )
    return Verdict(
        status="pass" if length else "fail",
        summary=ending if length else Text(_("The template carries no licence text, as Microsoft's does.")),
        observed=Text(_("licence text of %(length)s characters"), length=length)
        if length
        else Text(_("no licence text")),
        expected=Text(_("a licence text to read and accept")),
        details=() if length else (ending,),
    )
