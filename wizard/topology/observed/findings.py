"""What does not fit together in what a vault says of itself (arm-site-recovery 3, consistency findings)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from wizard.text import Text, _
from wizard.topology.observed.items import Load
from wizard.topology.observed.keys import same
from wizard.topology.observed.model import ObservedComponent, ObservedFinding, ObservedLink, Severity
from wizard.topology.versions import is_newer

_PROCESS_SERVERS: Final = ("ps_builtin", "ps_scaleout", "ps_failback")
_REFRESH: Final = Text(_("Refresh the server in the vault; if it stays so, look at the server itself."))


def findings_of(
    components: Sequence[ObservedComponent], links: Sequence[ObservedLink], work: Sequence[Load]
) -> list[ObservedFinding]:
    """Findings in no order; each names the components that it is about."""
    found: list[ObservedFinding] = []
    for cs in components:
        if cs.kind == "cs":
            own = [component for component in components if component.fabric == cs.fabric]
            found += [*_counts(cs, own), *_built_in(cs, own), *_versions(cs, own)]
            found += [*_accounts(cs, components)]
    found += [*_twice(components), *_same_addresses(components), *_vcenters(components)]
    found += [*_dangling(links), *_modernized(components)]
    return found


def _finding(
    code: str, severity: Severity, text: Text, remedy: Text, *about: ObservedComponent
) -> ObservedFinding:
    keys = tuple(sorted(component.key for component in about))
    return ObservedFinding(code=code, severity=severity, text=text, remedy=remedy, keys=keys)


def _counts(cs: ObservedComponent, own: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    told = cs.facts.get("process_servers")
    listed = sum(component.kind in _PROCESS_SERVERS for component in own)
    if isinstance(told, int) and told != listed:
        text = Text.counted(
            "The vault counts %(told)s process server of %(name)s and lists %(listed)s.",
            "The vault counts %(told)s process servers of %(name)s and lists %(listed)s.",
            "told",
            told=told,
            name=cs.name,
            listed=listed,
        )
        yield _finding("count_differs", "warning", text, _REFRESH, cs)


def _built_in(cs: ObservedComponent, own: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    doubtful = [
        component
        for component in own
        if component.kind == "ps_scaleout" and component.certainty == "ambiguous"
    ]
    if any(component.kind == "ps_builtin" for component in own):
        return
    if len(doubtful) > 1:
        text = Text(
            _("Several process servers may be the built-in one of %(name)s: %(servers)s."),
            name=cs.name,
            servers=[component.name for component in doubtful],
        )
        remedy = Text(_("Record which of them runs on the machine of the configuration server."))
        yield _finding("several_builtin", "warning", text, remedy, cs, *doubtful)
        return
    text = Text(_("The vault reports no built-in process server of %(name)s."), name=cs.name)
    remedy = Text(_("Check whether the process server's services run on the configuration server."))
    yield _finding("no_builtin", "info", text, remedy, cs)


def _versions(cs: ObservedComponent, own: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    """Nothing may be newer than its configuration server (asr-facts 1.6, T04)."""
    for component in own:
        if component.key.startswith("host:") and is_newer(component.version, cs.version):
            text = Text(
                _("%(name)s has version %(version)s, newer than %(limit)s of its configuration server."),
                name=component.name,
                version=component.version,
                limit=cs.version,
            )
            remedy = Text(
                _("Upgrade the configuration server first, then its process servers and master targets.")
            )
            yield _finding("newer_than_cs", "warning", text, remedy, component, cs)


def _accounts(cs: ObservedComponent, components: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    known = {account.id.casefold() for account in cs.accounts}
    for vcenter in components:
        account = str(vcenter.facts.get("run_as_account_id", ""))
        theirs = vcenter.kind == "vcenter" and same(vcenter.fabric, cs.fabric)
        if theirs and account and account.casefold() not in known:
            text = Text(
                _("%(name)s uses the account %(account)s, which %(server)s does not list."),
                name=vcenter.name,
                account=account,
                server=cs.name,
            )
            remedy = Text(
                _(
                    "Add the account on the configuration server, refresh it, and choose it for the vCenter Server."
                )
            )
            yield _finding("dangling_account", "warning", text, remedy, vcenter, cs)


def _twice(components: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    """One id at two places: a cloned server (asr-facts 7.2), or one that was registered twice."""
    for identity, members in _groups(components, lambda one: one.id.upper() if one.is_server else ""):
        text = Text(
            _("The id %(id)s is there %(count)s times: %(servers)s."),
            id=identity,
            count=len(members),
            servers=[member.name or member.address for member in members],
        )
        remedy = Text(_("A cloned server has the id of its original: remove the clone and build it anew."))
        yield _finding("duplicate_id", "warning", text, remedy, *members)


def _same_addresses(components: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    for address, members in _groups(components, lambda one: one.address.casefold() if one.is_server else ""):
        text = Text(
            _("%(count)s servers have the address %(address)s: %(servers)s."),
            count=len(members),
            address=address,
            servers=[member.name for member in members],
        )
        remedy = Text(_("Give each server an address of its own, or remove the one that is gone."))
        yield _finding("same_address", "warning", text, remedy, *members)


def _vcenters(components: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    """A second entry for the same vCenter Server lists its machines twice (asr-facts 8)."""
    entries = [component for component in components if component.kind == "vcenter" and component.address]
    for address, members in _groups(entries, lambda one: f"{one.fabric}/{one.address}".casefold()):
        text = Text(
            _(
                "%(count)s vCenter entries have the address %(address)s: its machines are listed more than once."
            ),
            count=len(members),
            address=address.split("/", 1)[1],
        )
        remedy = Text(
            _("Keep one entry for each vCenter Server; change its address instead of adding another.")
        )
        yield _finding("duplicate_vcenter", "warning", text, remedy, *members)


def _groups(components: Sequence[ObservedComponent], by: Any) -> list[tuple[str, list[ObservedComponent]]]:
    groups: dict[str, list[ObservedComponent]] = {}
    for component in components:
        if value := by(component):
            groups.setdefault(value, []).append(component)
    return [(value, members) for value, members in sorted(groups.items()) if len(members) > 1]


def _dangling(links: Sequence[ObservedLink]) -> Iterator[ObservedFinding]:
    for link in links:
        if link.state == "dangling":
            remedy = Text(
                _("Move them to a process server that exists, or bring the missing one back.")
                if link.kind != "discovers"
                else _("Choose a process server that exists for the vCenter Server.")
            )
            yield ObservedFinding(
                code="absent_server",
                severity="critical",
                text=link.text,
                remedy=remedy,
                keys=(link.source, link.target),
            )


def _modernized(components: Sequence[ObservedComponent]) -> Iterator[ObservedFinding]:
    """Of a modernized fabric with no appliance, only the list may have been read (arm-site-recovery 0.8)."""
    for fabric in components:
        modernized = same(str(fabric.facts.get("instance_type", "")), "InMageRcm")
        empty = not any(other.kind == "appliance" and other.fabric == fabric.fabric for other in components)
        if modernized and empty:
            text = Text(_("The vault lists no appliance in %(name)s."), name=fabric.name)
            remedy = Text(
                _("Register a replication appliance; one that was registered appears within minutes.")
            )
            yield _finding("no_appliance", "info", text, remedy, fabric)
