from __future__ import annotations

import pytest

from tests.planning.eligibility_machines import ALONE, findings, linux, machine
from wizard.planning.eligibility import SourceMachine, judge, verdict_of
from wizard.planning.eligibility.systems import Releases, all_guest_ids, distribution_of, identify


def in_profiles(subject: SourceMachine, rule: str) -> tuple[str, str]:
    """What the rule says for modernized and for classic."""
    found = [finding for finding in judge(subject, ALONE) if finding.rule == rule]
    told = [
        [finding.status for finding in found if profile in finding.profiles]
        for profile in ("asr-modernized", "asr-classic")
    ]
    assert all(len(statuses) < 2 for statuses in told)
    return tuple(statuses[0] if statuses else "pass" for statuses in told)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("guest_id", "modernized", "classic"),
    [
        ("windows2022srvNext_64Guest", "pass", "pass"),
        ("windows2019srvNext_64Guest", "pass", "pass"),
        ("windows2019srv_64Guest", "pass", "pass"),
        ("windows9Server64Guest", "pass", "pass"),
        ("windows8Server64Guest", "pass", "pass"),
        ("windows7Server64Guest", "pass", "pass"),
        ("winLonghorn64Guest", "block", "block"),
        ("winNetEnterprise64Guest", "block", "block"),
        ("windows9_64Guest", "pass", "pass"),
        ("windows8_64Guest", "pass", "pass"),
        ("windows7_64Guest", "pass", "pass"),
        ("windows11_64Guest", "block", "block"),
        ("rhel4_64Guest", "block", "block"),
        ("rhel5_64Guest", "pass", "pass"),
        ("rhel8_64Guest", "pass", "pass"),
        ("rhel9_64Guest", "pass", "block"),
        ("rhel10_64Guest", "block", "block"),
        ("centos8_64Guest", "pass", "pass"),
        ("centos9_64Guest", "block", "block"),
        ("centos64Guest", "unknown", "unknown"),
        ("oracleLinux9_64Guest", "pass", "block"),
        ("sles64Guest", "block", "block"),
        ("sles10_64Guest", "block", "block"),
        ("sles11_64Guest", "pass", "pass"),
        ("sles15_64Guest", "pass", "pass"),
        ("sles16_64Guest", "block", "block"),
        ("debian6_64Guest", "block", "block"),
        ("debian7_64Guest", "pass", "pass"),
        ("debian12_64Guest", "pass", "pass"),
        ("debian13_64Guest", "block", "block"),
        ("ubuntu64Guest", "unknown", "unknown"),
        ("rockylinux_64Guest", "unknown", "block"),
        ("almalinux_64Guest", "unknown", "block"),
        ("fedora64Guest", "block", "block"),
        ("vmwarePhoton64Guest", "block", "block"),
        ("freebsd14_64Guest", "block", "block"),
        ("otherGuest64", "unknown", "unknown"),
        ("other5xLinux64Guest", "unknown", "unknown"),
        ("suse64Guest", "unknown", "unknown"),
        ("windows2030srv_64Guest", "unknown", "unknown"),
        ("", "unknown", "unknown"),
    ],
)
def test_the_guest_id_alone_tells_the_system(guest_id: str, modernized: str, classic: str) -> None:
    subject = machine(guest_id=guest_id, guest_full_name="")
    assert in_profiles(subject, "SM-01") == (modernized, classic)


@pytest.mark.parametrize(
    ("full_name", "modernized", "classic"),
    [
        ("Windows Server 2008 R2 Standard SP1 x64", "pass", "pass"),
        ("Microsoft Windows Server 2008 (64-bit)", "block", "block"),
        ("Microsoft Windows Server 2003 Standard (64-bit)", "block", "block"),
        ("Windows 8.1 64-bit", "pass", "pass"),
        ("Red Hat Enterprise Linux 5.1 x86_64", "block", "block"),
        ("Red Hat Enterprise Linux 5.2 x86_64", "pass", "pass"),
        ("Red Hat Enterprise Linux 5.11 x86_64", "pass", "pass"),
        ("Red Hat Enterprise Linux 6.0 x86_64", "block", "block"),
        ("Red Hat Enterprise Linux Server release 7.9 (Maipo)", "pass", "pass"),
        ("Red Hat Enterprise Linux 8.8 (Ootpa)", "pass", "pass"),
        ("Red Hat Enterprise Linux 8.9 (Ootpa)", "pass", "block"),
        ("Red Hat Enterprise Linux 8.10 (Ootpa)", "pass", "block"),
        ("Red Hat Enterprise Linux 9.5 (Plow)", "pass", "block"),
        ("Red Hat Enterprise Linux 9.6 (Plow)", "block", "block"),
        ("CentOS Linux 7 (Core)", "pass", "pass"),
        ("CentOS Stream 8", "block", "block"),
        ("Oracle Linux Server 6.3", "block", "block"),
        ("Oracle Linux Server 6.4", "pass", "pass"),
        ("Oracle Linux Server 8.9", "pass", "block"),
        ("Oracle Linux Server 8.10", "block", "block"),
        ("Rocky Linux 8.6 (Green Obsidian)", "block", "block"),
        ("Rocky Linux 8.7 (Green Obsidian)", "pass", "block"),
        ("AlmaLinux 9.5 (Teal Serval)", "pass", "block"),
        ("Ubuntu 20.04.6 LTS", "pass", "pass"),
        ("Ubuntu 22.04.3 LTS", "pass", "block"),
        ("Ubuntu 22.10", "block", "block"),
        ("Ubuntu 24.04 LTS", "block", "block"),
        ("Debian GNU/Linux 9.0", "block", "block"),
        ("Debian GNU/Linux 9.1", "pass", "pass"),
        ("Debian GNU/Linux 12 (bookworm)", "pass", "pass"),
        ("SUSE Linux Enterprise Server 11 SP2", "block", "block"),
        ("SUSE Linux Enterprise Server 11 SP3", "pass", "pass"),
        ("SUSE Linux Enterprise Server for SAP Applications 15 SP4", "pass", "pass"),
        ("SUSE Linux Enterprise Server 15 SP5", "pass", "block"),
        ("SUSE Linux Enterprise Server 15 SP6", "block", "block"),
        ("openSUSE Leap 15.5", "block", "block"),
        ("Amazon Linux 2 (64-bit)", "block", "block"),
        ("something of ours", "unknown", "unknown"),
    ],
)
def test_the_release_in_the_full_name_decides(full_name: str, modernized: str, classic: str) -> None:
    subject = machine(guest_id="", guest_full_name=full_name)
    assert in_profiles(subject, "SM-01") == (modernized, classic)


def test_the_full_name_says_more_than_the_configured_guest_id() -> None:
    told = identify("otherLinux64Guest", "Red Hat Enterprise Linux 8 (64-bit)")
    assert told.system is not None
    assert (told.system.name, told.release, told.bits) == ("Red Hat Enterprise Linux", (8,), 64)
    newer = identify("windows2019srv_64Guest", "Microsoft Windows Server 2022 (64-bit)")
    assert newer.system is not None
    assert newer.system.name == "Windows Server 2022"


def test_a_full_name_that_tells_nothing_leaves_the_word_to_the_guest_id() -> None:
    told = identify("rhel7_64Guest", "Other Linux (64-bit)")
    assert told.system is not None
    assert (told.system.name, told.release) == ("Red Hat Enterprise Linux", (7,))


def test_a_full_name_without_release_takes_the_release_of_the_guest_id() -> None:
    assert identify("rhel7_64Guest", "Red Hat Enterprise Linux (64-bit)").release == (7,)
    assert identify("sles64Guest", "SUSE Linux Enterprise 8/9 (64-bit)").release == (9,)
    assert identify("centos7_64Guest", "Ubuntu Linux (64-bit)").release == ()


def test_the_distribution_that_newer_tools_tell_says_most() -> None:
    detailed = "architecture='X86' bitness='64' distroName='Ubuntu' prettyName='Ubuntu 24.04 LTS'"
    config = {"guestInfo.detailed.data": detailed, "disk.EnableUUID": "TRUE"}
    subject = machine(guest_id="ubuntu64Guest", guest_full_name="Ubuntu Linux (64-bit)", extra_config=config)
    assert distribution_of(detailed) == "Ubuntu 24.04 LTS"
    assert findings(subject) == {"SM-01": "block"}


@pytest.mark.parametrize("vague", ["CentOS 4/5 or later (64-bit)", "Ubuntu Linux (64-bit)"])
def test_a_name_without_one_release_names_none(vague: str) -> None:
    assert identify("", vague).release == ()


def test_what_is_said_names_the_system_and_the_supported_releases() -> None:
    subject = linux(guest_id="", guest_full_name="Ubuntu 24.04 LTS 64-bit")
    told = [str(finding.text) for finding in judge(subject, ALONE) if finding.rule == "SM-01"]
    assert told == [
        "“Ubuntu 24.04 LTS 64-bit” is not among the supported releases: 14.04, 16.04, 18.04, 20.04.",
        "“Ubuntu 24.04 LTS 64-bit” is not among the supported releases: 14.04, 16.04, 18.04, 20.04, 22.04.",
    ]


def test_a_profile_difference_gives_each_profile_its_own_verdict() -> None:
    found = judge(linux(guest_id="rhel9_64Guest", guest_full_name=""), ALONE)
    assert verdict_of(found, "asr-modernized") == "ready"
    assert verdict_of(found, "asr-classic") == "blocked"


@pytest.mark.parametrize(
    ("guest_id", "full_name", "status"),
    [
        ("windows9_64Guest", "", "pass"),
        ("windows9Guest", "", "block"),
        ("rhel6Guest", "", "block"),
        ("winNetStandardGuest", "", "block"),
        ("other3xLinuxGuest", "", "block"),
        ("otherGuest", "", "block"),
        ("otherGuest64", "", "pass"),
        ("somethingNew_64Guest", "", "pass"),
        ("somethingNewGuest", "", "unknown"),
        ("", "", "unknown"),
        ("windows9_64Guest", "Microsoft Windows 10 (32-bit)", "block"),
        ("windows9Guest", "Microsoft Windows 10 (64-bit)", "pass"),
        ("", "Windows 10", "unknown"),
        ("", "Windows 10 64-bit", "pass"),
        ("", "Windows 10 x64", "pass"),
        ("", "Windows 10 x86", "block"),
        ("", "Windows Server 2012 R2", "pass"),
        ("", "Red Hat Enterprise Linux 6.9", "unknown"),
        ("", "Red Hat Enterprise Linux 6.9 i686", "block"),
        ("", "Red Hat Enterprise Linux 6.9 x86_64", "pass"),
        ("", "Red Hat Enterprise Linux 7.0", "pass"),
        ("", "Ubuntu 18.04 LTS amd64", "pass"),
        ("", "Ubuntu 18.04 LTS", "unknown"),
        ("", "Ubuntu 20.04 LTS", "pass"),
        ("otherGuest", "Ubuntu 20.04 LTS", "pass"),
    ],
)
def test_only_64_bits_pass(guest_id: str, full_name: str, status: str) -> None:
    told = findings(machine(guest_id=guest_id, guest_full_name=full_name))
    assert told.get("SM-02", "pass") == status


def test_the_32_bit_windows_server_2008_is_neither_64_bit_nor_for_disaster_recovery() -> None:
    subject = machine(guest_id="winLonghornGuest", guest_full_name="")
    assert findings(subject) == {"SM-01": "block", "SM-02": "block"}
    told = [str(finding.text) for finding in judge(subject, ALONE)]
    assert (
        told[0] == "Windows Server 2008 is supported for migration to Azure only, not for disaster recovery."
    )


def test_a_bound_counts_as_far_as_it_is_written() -> None:
    six = Releases.parse("6.4-6.10")
    held = [(6,), (6, 4), (6, 9), (6, 10), (6, 10, 3)]
    assert [six.may_hold(release) for release in held] == [True] * 5
    assert [six.may_hold(release) for release in [(5,), (6, 3), (6, 11), (7,)]] == [False] * 4
    assert str(six) == "6.4–6.10"
    assert str(Releases.parse("8")) == "8"


def test_every_guest_id_of_vsphere_is_in_the_table() -> None:
    vim = pytest.importorskip("pyVmomi").vim
    assert set(vim.vm.GuestOsDescriptor.GuestOsIdentifier.values) <= all_guest_ids()
