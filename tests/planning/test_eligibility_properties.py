from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.eligibility import (
    RULES,
    VERDICTS,
    MachineFinding,
    SourceController,
    SourceDisk,
    SourceMachine,
    Surroundings,
    judge,
    verdict_of,
)
from wizard.planning.eligibility.finding import BOTH, CLASSIC, MODERNIZED, found
from wizard.planning.eligibility.machine import disks_in_order
from wizard.planning.eligibility.systems import all_guest_ids

anything = st.text(max_size=40)
numbers = st.integers(-(2**63), 2**63)
names = st.sampled_from(
    [
        "Ubuntu Linux (64-bit)",
        "Red Hat Enterprise Linux ",
        "SUSE Linux Enterprise 15 SP",
        "Windows Server 2008 R2",
    ]
)
systems = st.one_of(anything, names, st.builds("{}{}".format, names, anything))


def one_of(*usual: str) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(usual), anything)


disks = st.builds(
    SourceDisk,
    key=numbers,
    label=anything,
    capacity_bytes=st.one_of(numbers, st.integers(0, 2**46)),
    backing=one_of("flat", "rdm_physical", "rdm_virtual"),
    disk_mode=one_of("persistent", "independent_persistent"),
    sharing=one_of("sharingNone", "sharingMultiWriter"),
    controller_key=st.one_of(st.none(), st.integers(1000, 1003)),
    unit_number=st.one_of(st.none(), numbers),
)
controllers = st.builds(
    SourceController,
    key=st.integers(1000, 1003),
    kind=one_of("pvscsi", "nvme"),
    bus_number=numbers,
    shared_bus=one_of("noSharing", "physicalSharing"),
)
uuids = st.one_of(st.just(""), st.uuids().map(str), anything)
machines = st.builds(
    SourceMachine,
    kind=st.sampled_from(["vm", "physical"]),
    name=anything,
    guest_id=st.one_of(st.sampled_from(sorted(all_guest_ids())), anything),
    guest_full_name=systems,
    power_state=one_of("poweredOn", "poweredOff", "suspended"),
    connection_state=one_of("connected", "orphaned"),
    tools_status=one_of("guestToolsRunning", "guestToolsNotRunning"),
    firmware=one_of("bios", "efi"),
    secure_boot=st.booleans(),
    encrypted=st.booleans(),
    is_template=st.booleans(),
    instance_uuid=uuids,
    bios_uuid=uuids,
    disks=st.lists(disks, max_size=6).map(tuple),
    controllers=st.lists(controllers, max_size=3).map(tuple),
    snapshot_count=numbers,
    extra_config=st.dictionaries(
        one_of("disk.EnableUUID", "snapshot.maxSnapshots", "guestInfo.detailed.data"),
        one_of("TRUE", "1", "prettyName='Ubuntu 24.04'"),
        max_size=3,
    ),
    ip_addresses=st.lists(one_of("10.0.0.1", "fe80::1", "2001:db8::1"), max_size=3).map(tuple),
    host_name=anything,
)
surroundings = st.builds(
    Surroundings,
    duplicate_instance_uuids=st.frozensets(uuids, max_size=3),
    own_machines=st.dictionaries(uuids, anything, max_size=3),
)
findings = st.builds(
    lambda status, profiles: found("SM-01", status, "text", "remedy", profiles=profiles),
    st.sampled_from(["info", "warn", "unknown", "block", "hide"]),
    st.sampled_from([BOTH, CLASSIC, MODERNIZED]),
)
profiles = st.sampled_from(["asr-modernized", "asr-classic"])


@given(machines, surroundings)
def test_no_machine_makes_a_rule_fail(machine: SourceMachine, around: Surroundings) -> None:
    for finding in judge(machine, around):
        assert RULES[finding.rule].seen
        assert finding.profiles
        assert str(finding.text)
        assert str(finding.remedy)
        stored = json.loads(json.dumps(finding.to_json()))
        assert MachineFinding.from_json(stored) == finding


@given(st.lists(disks, max_size=6, unique_by=lambda disk: disk.key), st.data())
def test_the_order_in_which_disks_are_told_does_not_matter(
    told: list[SourceDisk], data: st.DataObject
) -> None:
    buses = tuple(SourceController(key=1000 + bus, bus_number=bus) for bus in range(3))

    def ordered(disks: list[SourceDisk]) -> list[SourceDisk]:
        return list(disks_in_order(SourceMachine(name="srv01", disks=disks, controllers=buses)))

    assert ordered(data.draw(st.permutations(told))) == ordered(told)


@given(st.lists(findings), st.lists(findings), profiles)
def test_a_further_finding_never_makes_a_verdict_better(
    some: list[MachineFinding], more: list[MachineFinding], profile: str
) -> None:
    before, after = verdict_of(some, profile), verdict_of(some + more, profile)  # type: ignore[arg-type]
    assert VERDICTS.index(after) >= VERDICTS.index(before)
    assert VERDICTS.index(after) == max(
        VERDICTS.index(before),
        VERDICTS.index(verdict_of(more, profile)),  # type: ignore[arg-type]
    )
