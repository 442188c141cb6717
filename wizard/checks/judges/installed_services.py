"""Whether what setup installed is there and runs (asr-facts 2.6 and 9.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

Service = Mapping[str, Any]


@judge("services_running")
def judge_services_running(facts: Facts, params: Params) -> Verdict:
    """Fact host.services.states; parameters services (names, a star at the end stands for the rest), any_start.

    Services of `any_start` need not start with Windows. A service is known by its name or by the one displayed.
    """
    states: Sequence[Service] = facts["host.services.states"]
    missing, stopped, by_hand = [], [], []
    for name in params["services"]:
        service = next((item for item in states if _is_called(item, name)), None)
        if service is None:
            missing.append(name)
        elif service["state"].lower() != "running":
            stopped.append(name)
        elif not service["start_mode"].lower().startswith("auto") and name not in params["any_start"]:
            by_hand.append(name)
    status: VerdictStatus
    if missing or stopped:
        status = "fail"
        summary = Text(_("Services do not run: %(names)s."), names=[*missing, *stopped])
    elif by_hand:
        status = "warn"
        summary = Text(_("Services do not start with Windows: %(names)s."), names=by_hand)
    else:
        status, summary = "pass", Text(_("Every service of Site Recovery runs."))
    running = len(params["services"]) - len(missing) - len(stopped)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("%(running)s of %(all)s run"), running=running, all=len(params["services"])),
        expected=Text(_("all run and start with Windows")),
        details=(
            *(Text(_("%(name)s is not installed"), name=name) for name in missing),
            *(Text(_("%(name)s is stopped"), name=name) for name in stopped),
        ),
    )


@judge("passphrase_file")
def judge_passphrase_file(facts: Facts, params: Params) -> Verdict:
    """Fact host.site_recovery.passphrase_file (SW-16)."""
    there = facts["host.site_recovery.passphrase_file"]
    return Verdict(
        status="pass" if there else "fail",
        summary=Text(_("The passphrase file is there."))
        if there
        else Text(_("The passphrase file is missing.")),
        observed=Text(_("there")) if there else Text(_("missing")),
        expected=Text(_("there")),
    )


@judge("products_installed")
def judge_products_installed(facts: Facts, params: Params) -> Verdict:
    """Fact host.site_recovery.products: there are some, and all are of one release (the first two numbers)."""
    products = facts["host.site_recovery.products"]
    releases = sorted({".".join(item["version"].split(".")[:2]) for item in products if item["version"]})
    status: VerdictStatus
    if not products:
        status, summary = "fail", Text(_("No component of Site Recovery is installed."))
    elif len(releases) > 1:
        status = "warn"
        summary = Text(_("The components are of different releases: %(releases)s."), releases=releases)
    else:
        status, summary = "pass", Text(_("The components of Site Recovery are installed."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("components: %(number)s"), number=len(products)),
        expected=Text(_("all components, of one release")),
        details=tuple(
            Text("%(name)s %(version)s", name=item["name"], version=item["version"]) for item in products
        ),
    )


@judge("nothing_to_upgrade")
def judge_nothing_to_upgrade(facts: Facts, params: Params) -> Verdict:
    """Fact host.site_recovery.products: on a machine without any, setup is no upgrade (SW-07).

    With some, the distance to the new version is for a person to judge: which version comes is not known here.
    """
    products = facts["host.site_recovery.products"]
    return Verdict(
        status="unknown" if products else "pass",
        summary=Text(_("Components are installed already: setup would be an upgrade."))
        if products
        else Text(_("Nothing of Site Recovery is installed, so nothing is upgraded.")),
        observed=Text("%(products)s", products=[f"{item['name']} {item['version']}" for item in products])
        if products
        else Text(_("nothing installed")),
        expected=Text(_("nothing installed, or at most four versions older")),
    )


def _is_called(service: Service, wanted: str) -> bool:
    names = (service["name"].lower(), service["display_name"].lower())
    wanted = wanted.lower()
    if wanted.endswith("*"):
        return any(name.startswith(wanted[:-1]) for name in names)
    return wanted in names
