from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.sizing import SizingAdvice, SizingInput, advise


def ask(
    machines: int,
    change: float,
    *,
    profile: Literal["asr-classic", "asr-modernized"] = "asr-classic",
    failback: bool = False,
    busiest: float | None = None,
    component: Literal["cs", "ps_scaleout"] = "cs",
) -> SizingAdvice:
    return advise(
        SizingInput(
            profile=profile,
            machines=machines,
            daily_change_gb=change,
            failback=failback,
            largest_machine_change_gb=busiest,
            component=component,
        )
    )


def words(texts: object) -> list[str]:
    return [str(text) for text in texts]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("machines", "change", "tier", "vcpu", "memory_gb", "cache_gb"),
    [
        (1, 0.5, "S", 8, 16, 600),
        (99, 500, "S", 8, 16, 600),
        (100, 500, "M", 12, 18, 600),
        (99, 500.5, "M", 12, 18, 600),
        (150, 1024, "M", 12, 18, 600),
        (151, 100, "L", 16, 32, 1024),
        (10, 1024.5, "L", 16, 32, 1024),
        (200, 2048, "L", 16, 32, 1024),
    ],
)
def test_one_configuration_server_takes_the_highest_row_that_either_number_asks_for(
    machines: int, change: float, tier: str, vcpu: int, memory_gb: int, cache_gb: int
) -> None:
    advice = ask(machines, change)
    assert (advice.tier, advice.vcpu, advice.memory_gb, advice.cache_gb) == (tier, vcpu, memory_gb, cache_gb)
    assert (advice.row.table, advice.row.label) == ("Configuration server with built-in process server", tier)
    assert (advice.configuration_servers, advice.process_servers, advice.needs_scaleout) == (1, 0, False)


@pytest.mark.parametrize(
    ("machines", "change", "configuration_servers", "process_servers"),
    [
        (200, 2049, 1, 2),
        (50, 6 * 1024, 1, 3),
        (201, 100, 1, 1),
        (225, 100, 1, 1),
        (226, 100, 1, 2),
        (550, 100, 1, 3),
        (550, 10 * 1024, 1, 5),
        (551, 100, 2, 4),
        (1100, 100, 2, 6),
        (10_000, 100, 19, 55),
    ],
)
def test_beyond_one_process_server_the_work_is_shared(
    machines: int, change: float, configuration_servers: int, process_servers: int
) -> None:
    advice = ask(machines, change)
    assert advice.needs_scaleout
    assert (advice.configuration_servers, advice.process_servers) == (configuration_servers, process_servers)
    assert (advice.vcpu, advice.memory_gb, advice.cache_gb) == (8, 16, 600)
    assert advice.process_server_row is not None
    assert (advice.process_server_row.vcpu, advice.process_server_row.memory_gb) == (12, 24)
    assert advice.total_vcpu == configuration_servers * 8 + process_servers * 12


def test_the_reasons_name_the_rows_and_the_two_cache_sizes() -> None:
    assert words(ask(120, 300).reasons) == [
        "120 machines fall into row M (100–150).",
        "300 GB a day fall into row S (≤ 500 GB).",
        "The higher of the two rows counts.",
    ]
    assert words(ask(20, 100).reasons)[-1] == (
        "The sizing table asks for a cache disk of 300 GB, the prerequisites for 600 GB free. "
        "The larger number is taken; from 300 to 599 GB only a warning would follow."
    )


def test_the_reasons_for_sharing_name_both_published_limits() -> None:
    assert words(ask(600, 3000).reasons) == [
        "600 machines are more than the 200 that a configuration server serves with its built-in "
        "process server. "
        "It is used without that one, and process servers of their own carry the data.",
        "3000 GB a day are more than the 2 TB (2,048 GB) that one process server carries. 4 share them.",
        "Without its process server one configuration server serves 550 machines by the text on large "
        "deployments, "
        "650 by the text on capacity. The smaller number is taken: 2 configuration servers, each "
        "registered on its "
        "own.",
    ]


@pytest.mark.parametrize(
    ("change", "said"), [(1000, False), (1010, True), (1024, True), (1025, False), (2040, True)]
)
def test_the_size_of_a_terabyte_is_said_where_it_decides(change: float, said: bool) -> None:
    assert any("1 TB counts as 1,024 GB" in reason for reason in words(ask(10, change).reasons)) is said


def test_failback_adds_a_retention_disk_and_warns_about_linux() -> None:
    without, advice = ask(10, 100), ask(10, 100, failback=True)
    assert (without.retention_gb, advice.retention_gb) == (0, 600)
    assert words(without.warnings) == []
    assert words(advice.warnings) == [
        "Linux machines fail back only through a Linux master target, a further virtual machine with a "
        "retention "
        "disk of 1 TB."
    ]


def test_a_machine_above_two_terabytes_a_day_is_pointed_out() -> None:
    assert words(ask(10, 3000, busiest=2048).warnings) == []
    assert words(ask(10, 3000, busiest=2048.5).warnings) == [
        "The busiest machine changes 2048.5 GB a day. A machine above 2048 GB (2 TB) a day, or above "
        "54 MB/s at its "
        "peak, cannot be replicated: leave it out or split its load."
    ]


def test_the_datastore_needs_room_for_all_three_disks_of_the_template() -> None:
    assert ask(10, 100).need_gb == 80 + 600 + 600
    assert ask(200, 100).need_gb == 80 + 1024 + 600


@pytest.mark.parametrize(
    ("machines", "change", "hours"), [(10, 600, 24.0), (200, 2048, 12.0), (201, 1024, 24.0), (10, 4096, 12.0)]
)
def test_the_caches_bridge_an_outage_of_some_hours(machines: int, change: float, hours: float) -> None:
    assert ask(machines, change).cache_hours == hours


@pytest.mark.parametrize(
    ("machines", "change", "tier", "vcpu", "memory_gb", "cache_gb", "appliances"),
    [
        (1, 1, "S", 8, 32, 620, 1),
        (150, 1024, "S", 8, 32, 620, 1),
        (151, 1, "L", 16, 32, 1024, 1),
        (200, 2048, "L", 16, 32, 1024, 1),
        (201, 1, "L", 16, 32, 1024, 2),
        (1, 5000, "L", 16, 32, 1024, 3),
    ],
)
def test_the_appliance_has_two_published_sizes_and_then_a_sibling(
    machines: int, change: float, tier: str, vcpu: int, memory_gb: int, cache_gb: int, appliances: int
) -> None:
    advice = ask(machines, change, profile="asr-modernized")
    assert (advice.tier, advice.vcpu, advice.memory_gb, advice.cache_gb) == (tier, vcpu, memory_gb, cache_gb)
    assert (advice.appliances, advice.configuration_servers, advice.process_servers) == (appliances, 0, 0)
    assert advice.needs_scaleout is (appliances > 1)


def test_the_smallest_appliance_names_both_published_memory_sizes() -> None:
    assert words(ask(1, 1, profile="asr-modernized").reasons)[-1] == (
        "The documents name 16 GB of memory for the smallest appliance (2026) or 32 GB (2023). "
        "32 GB is taken; below 16 GB the appliance is refused."
    )


@pytest.mark.parametrize(
    ("machines", "change", "tier", "vcpu", "memory_gb", "cache_gb", "process_servers"),
    [
        (1, 1, "S", 4, 8, 600, 1),
        (85, 250, "S", 4, 8, 600, 1),
        (86, 250, "M", 8, 12, 600, 1),
        (85, 251, "M", 8, 12, 600, 1),
        (150, 1024, "M", 8, 12, 600, 1),
        (151, 1, "L", 12, 24, 1024, 1),
        (225, 2048, "L", 12, 24, 1024, 1),
        (226, 1, "L", 12, 24, 1024, 2),
        (1, 4097, "L", 12, 24, 1024, 3),
    ],
)
def test_a_process_server_on_its_own_has_three_published_sizes_and_then_a_sibling(
    machines: int, change: float, tier: str, vcpu: int, memory_gb: int, cache_gb: int, process_servers: int
) -> None:
    advice = ask(machines, change, component="ps_scaleout")
    assert (advice.tier, advice.vcpu, advice.memory_gb, advice.cache_gb) == (tier, vcpu, memory_gb, cache_gb)
    assert advice.row.table == "Scale-out process server"
    assert (advice.configuration_servers, advice.appliances) == (0, 0)
    assert (advice.process_servers, advice.needs_scaleout) == (process_servers, process_servers > 1)
    assert advice.total_memory_gb == process_servers * memory_gb


@pytest.mark.parametrize(("machines", "next_to"), [(85, "8 vCPU and 16 GB"), (200, "12 vCPU and 18 GB")])
def test_the_size_of_the_configuration_server_next_to_it_is_said(machines: int, next_to: str) -> None:
    assert next_to in words(ask(machines, 100, component="ps_scaleout").reasons)[-1]


def test_the_small_cache_of_a_process_server_is_raised_to_the_prerequisite() -> None:
    assert "cache disk of 300 GB" in words(ask(10, 10, component="ps_scaleout").reasons)[2]
    assert not any("cache disk" in reason for reason in words(ask(100, 10, component="ps_scaleout").reasons))


profiles = st.sampled_from(["asr-classic", "asr-modernized"])
machine_counts = st.integers(1, 3000)
changes = st.floats(0.1, 50_000)


@given(
    profiles,
    machine_counts,
    machine_counts,
    changes,
    changes,
    st.booleans(),
    st.sampled_from(["cs", "ps_scaleout"]),
)
def test_more_machines_and_more_change_never_get_less(
    profile: Literal["asr-classic", "asr-modernized"],
    some: int,
    others: int,
    change: float,
    other_change: float,
    failback: bool,
    component: Literal["cs", "ps_scaleout"],
) -> None:
    kept: Any = {"profile": profile, "failback": failback, "component": component}
    less = ask(min(some, others), min(change, other_change), **kept)
    more = ask(max(some, others), max(change, other_change), **kept)
    assert less.total_vcpu <= more.total_vcpu
    assert less.total_memory_gb <= more.total_memory_gb
    assert less.total_cache_gb <= more.total_cache_gb
    assert less.configuration_servers <= more.configuration_servers
    assert less.process_servers <= more.process_servers
    assert less.appliances <= more.appliances


@given(machine_counts, changes)
def test_process_servers_always_carry_all_machines_and_all_change(machines: int, change: float) -> None:
    advice = ask(machines, change)
    if advice.process_server_row is None:
        assert machines <= 200
        assert change <= 2048
        return
    assert advice.process_servers * 225 >= machines
    assert advice.process_servers * 2048 >= change
    assert advice.configuration_servers * 550 >= machines
    assert advice.process_servers >= advice.configuration_servers


@given(profiles, machine_counts, changes, st.booleans())
def test_advice_can_be_stored_as_json(
    profile: Literal["asr-classic", "asr-modernized"], machines: int, change: float, failback: bool
) -> None:
    advice = ask(machines, change, profile=profile, failback=failback)
    stored = json.loads(json.dumps(advice.to_json()))
    assert stored["row"]["vcpu"] == advice.vcpu
    assert len(stored["reasons"]) == len(advice.reasons)
    assert set(stored) == set(SizingAdvice.__slots__)
