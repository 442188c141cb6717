"""Language and roles of the machine itself, and what else is installed on it (asr-facts 3.2)."""

from __future__ import annotations

from wizard.checks.judges.host_language import grade_language
from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_FIRST_DOMAIN_CONTROLLER = 4
"""Win32_ComputerSystem.DomainRole: 4 and 5 are domain controllers."""
_DIRECTORY = "AD-Domain-Services"


@judge("windows_language")
def judge_windows_language(facts: Facts, params: Params) -> Verdict:
    """Facts host.os.system_locale, language, install_language (OS-04, C4)."""
    status, summary, observed = grade_language(facts)
    return Verdict(status=status, summary=summary, observed=observed, expected=Text(_("US English (en-US)")))


@judge("no_directory_role")
def judge_no_directory_role(facts: Facts, params: Params) -> Verdict:
    """Facts host.roles.installed, host.identity.domain_role (OS-05)."""
    controller = facts["host.identity.domain_role"] >= _FIRST_DOMAIN_CONTROLLER
    installed = _has(facts, _DIRECTORY)
    if controller:
        summary = Text(_("The machine is a domain controller."))
    elif installed:
        summary = Text(_("The role Active Directory Domain Services is installed."))
    else:
        summary = Text(_("The machine is no domain controller."))
    return Verdict(
        status="fail" if controller or installed else "pass",
        summary=summary,
        observed=Text(_("domain controller"))
        if controller
        else Text("%(role)s", role=_DIRECTORY)
        if installed
        else Text(_("not installed")),
        expected=Text(_("not installed")),
    )


@judge("role_absent")
def judge_role_absent(facts: Facts, params: Params) -> Verdict:
    """Fact host.roles.installed; parameter role, a feature name (OS-06, OS-07)."""
    role = params["role"]
    installed = _has(facts, role)
    return Verdict(
        status="fail" if installed else "pass",
        summary=Text(_("The role %(role)s is installed."), role=role)
        if installed
        else Text(_("The role %(role)s is not installed."), role=role),
        observed=Text(_("installed")) if installed else Text(_("not installed")),
        expected=Text(_("not installed")),
    )


@judge("appliance_language_and_roles")
def judge_appliance_language_and_roles(facts: Facts, params: Params) -> Verdict:
    """English of any kind, and none of the roles: parameter roles (OS-13).

    Facts host.os.system_locale, language, install_language, host.roles.installed, host.identity.domain_role.
    """
    language, about_language, observed = grade_language(facts)
    roles = [role for role in params["roles"] if _has(facts, role)]
    if facts["host.identity.domain_role"] >= _FIRST_DOMAIN_CONTROLLER and _DIRECTORY not in roles:
        roles.append(_DIRECTORY)
    status: VerdictStatus = "pass" if language == "warn" else language
    return Verdict(
        status="fail" if roles else status,
        summary=Text(_("Roles are installed that the appliance must not have: %(roles)s."), roles=roles)
        if roles
        else about_language,
        observed=observed,
        expected=Text(_("English, and none of the roles %(roles)s"), roles=params["roles"]),
        details=(about_language,) if roles else (),
    )


@judge("dedicated_machine")
def judge_dedicated_machine(facts: Facts, params: Params) -> Verdict:
    """Fact host.software.installed; parameter expected: how names of harmless programs begin (OS-11).

    Hint host.antivirus.products: a scanner may be there, SW-11 and AV-01 ask what it leaves alone.
    """
    harmless = (*params["expected"], *facts.get("host.antivirus.products", ()))
    beginnings = tuple(word.lower() for word in harmless if word)
    others = [
        item for item in facts["host.software.installed"] if not item["name"].lower().startswith(beginnings)
    ]
    return Verdict(
        status="fail" if others else "pass",
        summary=Text(
            _("Programs are installed that Site Recovery does not need: %(number)s."), number=len(others)
        )
        if others
        else Text(_("Nothing is installed that Site Recovery does not need.")),
        observed=Text(_("further programs: %(number)s"), number=len(others)),
        expected=Text(_("a machine for Site Recovery alone")),
        details=tuple(
            Text("%(name)s %(version)s", name=item["name"], version=item["version"]) for item in others
        ),
    )


def _has(facts: Facts, role: str) -> bool:
    return any(role.lower() == found.lower() for found in facts["host.roles.installed"])
