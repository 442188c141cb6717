from __future__ import annotations

import pytest

from tests.planning.eligibility_machines import controller, disk, findings, linux, machine, said
from wizard.planning.eligibility import SourceMachine, Surroundings


def test_a_machine_with_nothing_against_it_has_no_findings() -> None:
    assert findings(machine()) == {}
    assert findings(linux()) == {}


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        (machine(firmware="bios"), "pass"),
        (machine(firmware="efi"), "info"),
        (machine(firmware="efi", secure_boot=True), "block"),
        (machine(firmware="bios", secure_boot=True), "pass"),
        (machine(firmware=""), "unknown"),
        (machine(firmware="coreboot"), "unknown"),
        (linux(firmware="efi"), "info"),
        (machine(firmware="efi", guest_id="windows7Server64Guest", guest_full_name=""), "block"),
        (machine(firmware="bios", guest_id="windows7Server64Guest", guest_full_name=""), "pass"),
        (machine(firmware="efi", guest_id="windows8Server64Guest", guest_full_name=""), "info"),
        (machine(firmware="efi", guest_id="winLonghorn64Guest", guest_full_name=""), "block"),
        (machine(firmware="efi", guest_id="otherGuest64", guest_full_name=""), "info"),
    ],
)
def test_sm_07_efi_passes_with_a_note_and_secure_boot_does_not(subject: SourceMachine, status: str) -> None:
    assert findings(subject).get("SM-07", "pass") == status


def test_sm_07_names_the_disagreement_of_the_documents() -> None:
    text = str(said(machine(firmware="efi"), "SM-07").text)
    assert "2023" in text
    assert "2019" in text


def test_sm_10_vsphere_encryption_blocks() -> None:
    assert findings(machine(encrypted=True)) == {"SM-10": "block"}


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        (machine(disks=(disk(sharing="sharingMultiWriter"),)), "block"),
        (machine(disks=(disk(sharing=""),)), "pass"),
        (machine(controllers=(controller(shared_bus="physicalSharing"),)), "block"),
        (machine(controllers=(controller(shared_bus="virtualSharing"),)), "block"),
        (machine(controllers=(controller(shared_bus=""),)), "pass"),
        (machine(controllers=(controller(), controller(1001, shared_bus="physicalSharing"))), "pass"),
    ],
)
def test_sm_11_a_disk_shared_with_others_blocks(subject: SourceMachine, status: str) -> None:
    assert findings(subject).get("SM-11", "pass") == status


def test_sm_11_names_the_shared_disks_only() -> None:
    subject = machine(
        disks=(disk(), disk(unit=1, controller_key=1001), disk(unit=2, sharing="sharingMultiWriter")),
        controllers=(controller(), controller(1001, bus_number=1, shared_bus="physicalSharing")),
    )
    assert said(subject, "SM-11").text.values["disks"] == ["Hard disk 2", "Hard disk 3"]


@pytest.mark.parametrize(
    ("backing", "status"),
    [
        ("rdm_physical", "info"),
        ("rdm_virtual", "info"),
        ("flat", "pass"),
        ("sesparse", "pass"),
        ("other", "pass"),
    ],
)
def test_sm_12_raw_devices_are_noted(backing: str, status: str) -> None:
    assert findings(machine(disks=(disk(backing=backing),))).get("SM-12", "pass") == status


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        ("independent_persistent", "warn"),
        ("independent_nonpersistent", "warn"),
        ("persistent", "pass"),
        ("", "pass"),
    ],
)
def test_sm_13_independent_disks_warn(mode: str, status: str) -> None:
    assert findings(machine(disks=(disk(disk_mode=mode),))).get("SM-13", "pass") == status


@pytest.mark.parametrize(
    ("power", "connection", "status"),
    [
        ("poweredOn", "connected", "pass"),
        ("poweredOn", "", "pass"),
        ("poweredOff", "connected", "warn"),
        ("suspended", "connected", "warn"),
        ("", "connected", "warn"),
        ("poweredOn", "disconnected", "warn"),
        ("poweredOff", "orphaned", "warn"),
    ],
)
def test_sm_14_a_machine_that_does_not_run_warns(power: str, connection: str, status: str) -> None:
    told = findings(machine(power_state=power, connection_state=connection))
    assert told.get("SM-14", "pass") == status


def test_sm_14_says_once_what_is_wrong() -> None:
    assert "orphaned" in str(
        said(machine(power_state="poweredOff", connection_state="orphaned"), "SM-14").text
    )


@pytest.mark.parametrize(
    ("power", "tools", "status"),
    [
        ("poweredOn", "guestToolsRunning", "pass"),
        ("poweredOn", "guestToolsExecutingScripts", "pass"),
        ("poweredOn", "guestToolsNotRunning", "warn"),
        ("poweredOn", "", "warn"),
        ("poweredOff", "guestToolsNotRunning", "pass"),
    ],
)
def test_sm_15_tools_must_run_where_the_machine_runs(power: str, tools: str, status: str) -> None:
    assert findings(machine(power_state=power, tools_status=tools)).get("SM-15", "pass") == status


@pytest.mark.parametrize(
    "name", ["a", "0", "srv01", "SRV-01", "a" * 63, "a--b", "access-srv", "mylogin", "exchange01", "dotnets"]
)
def test_sm_16_a_fit_name_passes(name: str) -> None:
    assert findings(machine(name=name)) == {}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "letters, digits and hyphens"),
        ("a" * 64, "has 64 characters; Azure allows 1 to 63"),
        ("-srv", "letters, digits and hyphens"),
        ("srv-", "letters, digits and hyphens"),
        ("srv 01", "letters, digits and hyphens"),
        ("srv_01", "letters, digits and hyphens"),
        ("srv.lab.test", "letters, digits and hyphens"),
        ("srvé", "letters, digits and hyphens"),
        ("srv01\n", "letters, digits and hyphens"),
        ("Azure", "“azure” is a reserved word"),
        ("ACCESS", "“access” is a reserved word"),
        ("xbox", "“xbox” is a reserved word"),
        ("login-01", "“login” is a reserved word"),
        ("my-Windows-box", "“windows” is a reserved word"),
        ("old-microsoft", "“microsoft” is a reserved word"),
    ],
)
def test_sm_16_an_unfit_name_warns(name: str, part: str) -> None:
    finding = said(machine(name=name), "SM-16")
    assert finding.status == "warn"
    assert part in str(finding.text)


def test_sm_17_a_duplicate_instance_uuid_blocks() -> None:
    twins = Surroundings(duplicate_instance_uuids=frozenset({"50aa"}))
    assert findings(machine(instance_uuid="50AA"), twins) == {"SM-17": "block"}
    assert findings(machine(instance_uuid="50ab"), twins) == {}
    assert findings(machine(instance_uuid=""), Surroundings(duplicate_instance_uuids=frozenset({""}))) == {}


@pytest.mark.parametrize(
    ("config", "status"),
    [
        ({"disk.EnableUUID": "TRUE"}, "pass"),
        ({"disk.enableUUID": "true "}, "pass"),
        ({"disk.EnableUUID": "1"}, "pass"),
        ({"disk.EnableUUID": "FALSE"}, "warn"),
        ({"disk.EnableUUID": ""}, "warn"),
        ({}, "warn"),
    ],
)
def test_sm_18_linux_machines_should_have_disk_uuids(config: dict[str, str], status: str) -> None:
    assert findings(linux(extra_config=config)).get("SM-18", "pass") == status
    assert "SM-18" not in findings(machine(extra_config=config))


def test_sm_18_counts_a_vague_linux_too() -> None:
    vague = machine(guest_id="other5xLinux64Guest", guest_full_name="")
    assert findings(vague) == {"SM-01": "unknown", "SM-18": "warn"}


@pytest.mark.parametrize(("count", "status"), [(0, "pass"), (1, "warn"), (3, "warn")])
def test_sm_19_snapshots_warn(count: int, status: str) -> None:
    assert findings(machine(snapshot_count=count)).get("SM-19", "pass") == status


@pytest.mark.parametrize(
    ("most", "status"),
    [("0", "pass"), (" 31 ", "pass"), ("", "warn"), ("many", "warn"), ("-1", "warn"), ("٣", "warn")],
)
def test_sm_19_the_most_snapshots_must_be_a_number(most: str, status: str) -> None:
    subject = machine(extra_config={"snapshot.maxsnapshots": most})
    assert findings(subject).get("SM-19", "pass") == status


@pytest.mark.parametrize(
    ("addresses", "status"),
    [
        ((), "pass"),
        (("10.0.0.1",), "pass"),
        (("2001:db8::1", "10.0.0.1"), "pass"),
        (("fe80::1",), "pass"),
        (("FE80::1",), "pass"),
        (("2001:db8::1",), "block"),
        (("fe80::1", "2001:db8::1"), "block"),
    ],
)
def test_sm_21_a_machine_needs_an_ipv4_address(addresses: tuple[str, ...], status: str) -> None:
    assert findings(machine(ip_addresses=addresses)).get("SM-21", "pass") == status


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        (linux(controllers=(controller(kind="pvscsi"),)), "warn"),
        (linux(controllers=(controller(kind="lsilogic"),)), "pass"),
        (machine(controllers=(controller(kind="pvscsi"),)), "pass"),
    ],
)
def test_sm_22_a_paravirtual_controller_warns_for_linux(subject: SourceMachine, status: str) -> None:
    assert findings(subject).get("SM-22", "pass") == status


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        (machine(controllers=(controller(kind="nvme"),)), "info"),
        (linux(controllers=(controller(kind="nvme"),)), "warn"),
        (linux(controllers=(controller(kind="ahci"),)), "pass"),
    ],
)
def test_sm_23_nvme_is_noted_and_warns_for_linux(subject: SourceMachine, status: str) -> None:
    assert findings(subject).get("SM-23", "pass") == status


def test_sm_29_of_a_template_nothing_else_is_said() -> None:
    assert findings(machine(is_template=True, encrypted=True, name="-")) == {"SM-29": "hide"}


@pytest.mark.parametrize(
    ("instance", "bios", "hidden"),
    [
        ("50AA", "", True),
        ("", "42BB", True),
        ("50aa", "42bb", True),
        ("50ac", "42bc", False),
        ("", "", False),
    ],
)
def test_sm_30_the_machines_of_site_recovery_are_left_out(instance: str, bios: str, hidden: bool) -> None:
    own = Surroundings(own_machines={"50aa": "cs01", "42bb": "ps02", "": "nothing"})
    told = findings(machine(instance_uuid=instance, bios_uuid=bios, encrypted=True), own)
    assert told == ({"SM-30": "hide"} if hidden else {"SM-10": "block"})


def test_sm_30_says_which_machine_it_is() -> None:
    own = Surroundings(own_machines={"42bb": "ps02"})
    text = said(machine(bios_uuid="42BB"), "SM-30", own).text
    assert str(text) == "This is a machine of Site Recovery itself: ps02."


def test_of_a_physical_server_only_what_its_operator_tells_is_judged() -> None:
    server = SourceMachine(
        kind="physical",
        name="fs_01",
        guest_full_name="Ubuntu 22.04 LTS 64-bit",
        firmware="efi",
        disks=(
            disk(backing="rdm_physical", disk_mode="independent_persistent", sharing="sharingMultiWriter"),
        ),
        controllers=(controller(kind="nvme"), controller(1001, kind="pvscsi")),
        ip_addresses=("2001:db8::1",),
        instance_uuid="50aa",
        snapshot_count=2,
        encrypted=True,
    )
    twins = Surroundings(duplicate_instance_uuids=frozenset({"50aa"}))
    assert findings(server, twins) == {"SM-01": "block", "SM-07": "info", "SM-16": "warn"}


def test_the_findings_come_in_the_order_of_the_rules() -> None:
    spoiled = linux(
        name="-", firmware="", encrypted=True, power_state="poweredOff", snapshot_count=1, extra_config={}
    )
    assert list(findings(spoiled)) == ["SM-07", "SM-10", "SM-14", "SM-16", "SM-18", "SM-19"]
