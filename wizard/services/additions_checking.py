"""The preflight of an added component: what is known here and what can be tried from here, kept with the component."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.utils import timezone

from wizard.addresses import AddressBook
from wizard.checks.engine import gather
from wizard.checks.gathering import Collector
from wizard.checks.probes import dns, tcp
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.checks.side_by_side import probe_collector
from wizard.models import Addition, Deployment, Machine
from wizard.planning import addition_rules as rules
from wizard.planning import failback_process_server, master_target
from wizard.planning.addition_rules import Computer, Neighbour, Port
from wizard.planning.component_finding import ComponentFinding, worst
from wizard.planning.sizing_tables import PROCESS_SERVERS
from wizard.services import additions, audit, evidence
from wizard.services.additions_inputs import addition_in, addition_of
from wizard.services.additions_sites import machine_of
from wizard.services.additions_targets import failback_plan_of, target_of, twins_of
from wizard.services.answers import Answers, answers_in_play
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vcenter_access import address_book
from wizard.text import Text, _
from wizard.topology.roles import ROLES
from wizard.wire.destinations import Purpose

_TIMEOUT_S: Final = 5.0
_CONTROL_PORT: Final = 443


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """`addition` in the inputs is its id; the network step must be answered. Raises Invalid, NotFound, Conflict."""
    row = addition_in(deployment, inputs)
    missing = () if "network" in answers_in_play(deployment) else (Text(_("the network step")),)
    return Prepared(inputs={"addition": str(row.pk)}, missing=missing)


def run(progress: Progress) -> Done:
    task = progress.task
    deployment, row = task.deployment, addition_of(task)
    progress.phase(Text(_("Asking DNS and trying ports")), 10)
    answers = answers_in_play(deployment)
    sheet = gather(
        _collectors(row, answers),
        should_stop=progress.should_stop,
        on_done=lambda _collector, _ok: progress.check(),
    )
    progress.check()
    seen = dict(sheet.values())
    progress.phase(Text(_("Judging")), 80)
    findings = tuple(_findings(deployment, row, answers, seen))
    for finding in findings:
        if finding.status in ("block", "warn"):
            progress.warning(finding.text, rule=finding.rule)
    verdict = worst(findings)
    blocking = sum(finding.status == "block" for finding in findings)

    def commit() -> None:
        additions.must_be_unchanged(
            row,
            Text(_("%(name)s was changed while it was being checked."), name=row.name),
            Text(_("Check it again.")),
        )
        now = timezone.now()
        changes: dict[str, Any] = {
            "findings": [finding.to_json() for finding in findings],
            "checked_at": now,
            "changed_at": now,
        }
        if row.state == Addition.State.PLANNED and not blocking:
            changes["state"] = Addition.State.CHECKED
        elif row.state == Addition.State.CHECKED and blocking:
            changes["state"] = Addition.State.PLANNED
        Addition.objects.filter(pk=row.pk).update(**changes)
        row.refresh_from_db()
        additions.settle(row)
        audit.record(
            "addition.checked",
            subject=row,
            actor=task.requested_by,
            sentence=Text(
                _("%(who)s had the component %(name)s of %(deployment)s checked."),
                who=task.requested_by.username,
                name=row.name,
                deployment=deployment.name,
            ),
            after={"worst": verdict, "blocking": blocking},
        )

    return Done(
        summary=Text(
            _("%(rules)s rules looked at, %(blocking)s broken."), rules=len(findings), blocking=blocking
        ),
        result={"addition": str(row.pk), "worst": verdict, "blocking": blocking, "rules": len(findings)},
        commit=commit,
    )


# --- what is seen from here -------------------------------------------------------------------------------------------


def _collectors(row: Addition, answers: Answers) -> list[Collector]:
    network, book = answers["network"], address_book()
    servers = tuple(network["dns"])
    name = f"{row.name}.{network['dns_suffix']}" if network["dns_suffix"] else row.name

    def look_up(_known: object) -> dict[str, Any]:
        try:
            found = dns.find_addresses(name, servers, book=book, deadline=Deadline(_TIMEOUT_S))
        except ProbeError as error:
            return {"dns": {"name": name, "addresses": (), "failure": error.text}}
        return {"dns": {"name": name, "addresses": found, "failure": None}}

    cs, address = network["host_name"], network["address"]
    return [
        probe_collector(_("names in DNS"), "dns", look_up, _TIMEOUT_S),
        _port(
            _("port 443 of the configuration server"), "control", cs, (address, _CONTROL_PORT), servers, book
        ),
        _port(_("its data port"), "data", cs, (address, network["data_port"]), servers, book),
    ]


def _port(
    title: str, key: str, name: str, place: tuple[str, int], servers: tuple[str, ...], book: AddressBook
) -> Collector:
    def knock(_known: object) -> dict[str, Any]:
        failure = None
        try:
            tcp.connect(*place, book, _TIMEOUT_S, dns_servers=servers, purpose=Purpose.DATA)
        except ProbeError as error:
            failure = error.text
        return {key: Port(name=name, address=place[0], port=place[1], failure=failure)}

    return probe_collector(title, key, knock, _TIMEOUT_S)


# --- judging ----------------------------------------------------------------------------------------------------------


def _findings(
    deployment: Deployment, row: Addition, answers: Answers, seen: dict[str, Any]
) -> Iterator[ComponentFinding]:
    machine = machine_of(row)
    neighbours = list(_neighbours(deployment, row, answers, machine))
    yield rules.name_is_free(row.name, neighbours)
    yield rules.address_is_free(row.address, neighbours)
    if "dns" in seen:
        told = seen["dns"]
        yield rules.dns_agrees(told["name"], row.address, told["addresses"], told["failure"])
    if "control" in seen:
        yield rules.control_port(seen["control"])
    if "data" in seen and row.kind != Addition.Kind.PS_SCALEOUT:
        yield rules.data_port(seen["data"])
    yield from _OF_KIND[Addition.Kind(row.kind)](row, machine)


def _neighbours(
    deployment: Deployment, row: Addition, answers: Answers, own: Machine | None
) -> Iterator[Neighbour]:
    """Everything else that has a name or an address: the recorded components, other additions, machines of vCenter."""
    recorded = row.state == Addition.State.RECORDED
    for component in deployment.components.all():
        itself = recorded and evidence.same_host(component.name, row.name)
        if not itself:
            yield Neighbour(
                name=component.name,
                addresses=[component.address] if component.address else [],
                what=ROLES[component.kind].title,  # type: ignore[index]  # a column of these kinds
            )
    network = answers["network"]
    yield Neighbour(name=network["host_name"], addresses=[network["address"]], what=ROLES["cs"].title)
    for other in deployment.additions.filter(removed_at=None).exclude(pk=row.pk):
        yield Neighbour(
            name=other.name,
            addresses=[other.address] if other.address else [],
            what=additions.title_of(other),
        )
    if not row.address:
        return
    machines = Machine.objects.filter(vcenter__deployments=deployment, gone_at=None)
    if own is not None:
        machines = machines.exclude(pk=own.pk)
    # Addresses are a list in JSON; the text that is searched holds them, too.
    for machine in machines.filter(search_text__contains=row.address):
        yield Neighbour(
            name=machine.name, addresses=machine.ip_addresses, what=Text(_("a machine that vCenter shows"))
        )


def _scale_out(row: Addition, machine: Machine | None) -> Iterator[ComponentFinding]:
    wanted = next(known for known in PROCESS_SERVERS if known.tier == row.answers["size"])
    computer = Computer(vcpu=machine.cpu_count, memory_gb=machine.memory_mb / 1024) if machine else None
    yield rules.size(wanted, computer)
    if machine is not None:
        yield rules.no_clone(twins_of(machine))


def _failback(row: Addition, machine: Machine | None) -> Iterator[ComponentFinding]:
    yield from failback_process_server.findings(failback_plan_of(row))


def _master_target(row: Addition, machine: Machine | None) -> Iterator[ComponentFinding]:
    yield from master_target.judge(target_of(row, machine))


_OF_KIND: Final[dict[Addition.Kind, Callable[[Addition, Machine | None], Iterator[ComponentFinding]]]] = {
    Addition.Kind.PS_SCALEOUT: _scale_out,
    Addition.Kind.PS_FAILBACK: _failback,
    Addition.Kind.MT_WINDOWS: _master_target,
    Addition.Kind.MT_LINUX: _master_target,
}
