from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.balance import BalancePlan, plan
from wizard.planning.carrying import Carried, Carrier, ServerKind, row_of, rows_of

CS = "cs:lyon"


def server(name: str, kind: ServerKind = "ps_scaleout", tier: int | None = 0, **more: Any) -> Carrier:
    row = None if tier is None else rows_of(kind)[tier]
    return Carrier(**{"id": name, "name": name, "kind": kind, "site": CS, "health": "ok", "row": row} | more)


def machines(count: int, on: str, change: float = 1.0, *, prefix: str = "vm", **more: Any) -> list[Carried]:
    return [
        Carried(id=f"{prefix}-{on}-{n}", name=f"{prefix}{n:03}", server=on, daily_change_gb=change, **more)
        for n in range(count)
    ]


def where(found: BalancePlan, all_of_them: list[Carried]) -> dict[str, str]:
    moved = {move.machine: move.target for move in found.moves}
    return {machine.id: moved.get(machine.id, machine.server) for machine in all_of_them}


def test_nothing_moves_where_every_server_is_within_its_limits() -> None:
    found = plan([server("a"), server("b")], machines(85, "a") + machines(1, "b"))
    assert found.resolved
    assert not found.moves
    assert found.before == found.after


def test_only_as_many_machines_move_as_there_are_too_many() -> None:
    found = plan([server("a"), server("b")], machines(90, "a"))
    assert found.resolved
    assert len(found.moves) == 5
    assert {(move.source, move.target) for move in found.moves} == {("a", "b")}
    assert [load.machines for load in found.after] == [85, 5]


def test_one_machine_that_is_enough_moves_alone_and_no_larger_one() -> None:
    load = [*machines(3, "a", 60), *machines(1, "a", 110, prefix="big"), *machines(1, "a", 90, prefix="mid")]
    found = plan([server("a"), server("b")], load)  # 380 GB of 250: 130 too much, no single machine is enough
    assert found.resolved
    assert len(found.moves) == 2
    exact = plan([server("a"), server("b")], [*machines(2, "a", 100), *machines(1, "a", 60, prefix="x")])
    assert [move.name for move in exact.moves] == ["x000"]


def test_the_server_with_most_room_takes_the_machines() -> None:
    found = plan([server("a"), server("b"), server("c")], machines(86, "a") + machines(50, "b"))
    assert [move.target for move in found.moves] == ["c"]


@pytest.mark.parametrize(
    "other",
    [
        server("b", site="cs:paris"),
        server("b", health="critical"),
        server("b", kind="ps_failback", tier=None),
        server("b", tier=None),
    ],
)
def test_machines_go_only_to_a_sound_server_of_the_same_configuration_server(other: Carrier) -> None:
    found = plan([server("a"), other], machines(90, "a"))
    assert not found.moves
    assert not found.resolved
    assert "5 machines" in str(found.why_not[0])
    assert "No other process server" in str(found.why_not[1])


def test_machines_leave_a_critical_server_that_has_too_many() -> None:
    found = plan([server("a", health="critical"), server("b")], machines(86, "a"))
    assert found.resolved
    assert len(found.moves) == 1
    assert "take no machines: a" in str(found.remarks[0])


def test_a_replication_group_moves_as_a_whole_or_not_at_all() -> None:
    load = machines(80, "a") + machines(10, "a", prefix="db", group="db")
    found = plan([server("a"), server("b")], load)
    assert found.resolved
    homes = where(found, load)
    assert len({homes[machine.id] for machine in load if machine.group}) == 1


def test_a_group_that_is_spread_already_is_named() -> None:
    load = machines(1, "a", group="erp") + machines(1, "b", group="erp")
    assert "erp" in str(plan([server("a"), server("b")], load).remarks[0])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"change": 2048.5}, "2 TB"),
        ({"change": 1.0, "peak_mb_s": 54.1}, "54 MB/s"),
    ],
)
def test_a_machine_that_no_server_may_carry_is_flagged_and_left_alone(
    fields: dict[str, float], words: str
) -> None:
    load = machines(1, "a", **fields) + machines(1, "a", 2048, prefix="most", peak_mb_s=54)
    found = plan([server("a", tier=2), server("b", tier=2)], load)
    assert [flag.machine for flag in found.unbearable] == [load[0].id]
    assert words in str(found.unbearable[0].text)
    assert found.resolved
    assert not found.moves
    assert found.before[0].machines == 1


def test_a_server_that_is_to_be_emptied_gives_everything_away() -> None:
    found = plan([server("a"), server("b"), server("c")], machines(100, "a"), leave=["a"])
    assert found.resolved
    assert found.after[0].machines == 0
    assert len(found.moves) == 100


def test_what_does_not_fit_says_how_many_servers_are_lacking() -> None:
    found = plan([server("a"), server("b")], machines(300, "a"))
    assert not found.resolved
    assert found.after[1].machines == 85  # as far as it goes
    assert "Further servers needed: 2" in str(found.why_not[1])


def test_where_moving_a_few_finds_no_room_everything_is_packed_anew() -> None:
    # 10 must go from a, where both machines have 130; b takes one of them once its machine of 20 is elsewhere.
    load = [
        *machines(1, "a", 130, prefix="x"),
        *machines(1, "a", 130, prefix="y"),
        *machines(1, "b", 120, prefix="p"),
        *machines(1, "b", 20, prefix="q"),
        *machines(1, "c", 230, prefix="r"),
    ]
    found = plan([server("a"), server("b"), server("c")], load)
    assert found.resolved
    assert not any(after.over for after in found.after)


def test_shares_that_are_not_measured_are_said() -> None:
    found = plan([server("a")], machines(1, "a", assumed=True))
    assert "not measured" in str(found.remarks[-1])


def test_machines_of_a_server_that_is_not_there_are_left_alone_and_named() -> None:
    found = plan([server("a")], machines(1, "gone"))
    assert not found.moves
    assert "vm000" in str(found.remarks[0])


def test_a_group_stays_whole_where_one_of_its_machines_cannot_move() -> None:
    heavy = [
        *machines(1, "a", 2100, prefix="heavy", group="erp"),
        *machines(4, "a", 10, prefix="erp", group="erp"),
    ]
    found = plan([server("a"), server("b")], heavy + machines(2, "a", 100), leave=["a"])
    assert {move.name for move in found.moves} == {"vm000", "vm001"}
    assert any("erp" in str(remark) for remark in found.remarks)
    assert found.why_not


def test_a_machine_that_is_held_counts_where_it_is_and_is_named() -> None:
    load = [*machines(5, "a", held=True, prefix="held"), *machines(85, "a")]
    found = plan([server("a"), server("b")], load)
    assert {move.name[:2] for move in found.moves} == {"vm"}
    assert [after.machines for after in found.after] == [85, 5]
    assert any("held000" in str(remark) for remark in found.remarks)
    stuck = plan([server("a"), server("b")], machines(90, "a", held=True))
    assert (stuck.moves, stuck.resolved) == ((), False)


def test_groups_of_one_name_under_two_configuration_servers_are_not_spread() -> None:
    servers = [server("a"), server("b", site="cs:two")]
    load = [*machines(1, "a", group="erp"), *machines(1, "b", group="erp")]
    assert not plan(servers, load).remarks
    assert plan([server("a"), server("b")], load).remarks


def test_a_server_that_is_to_be_emptied_and_is_not_there_is_named() -> None:
    assert "ps9" in str(plan([server("a")], machines(1, "a"), leave=["ps9"]).remarks)


@pytest.mark.parametrize(
    ("kind", "memory", "cache", "label"),
    [
        ("ps_scaleout", 8, 600, "S"),
        ("ps_scaleout", 11.9, 599, "M"),
        ("ps_scaleout", 24, 1024, "L"),
        ("ps_scaleout", 64, 300, "S"),
        ("ps_scaleout", 4, 100, "S"),
        ("ps_builtin", 16, 600, "S"),
        ("ps_builtin", 32, None, "L"),
        ("appliance", 32, 1024, "maximum"),
    ],
)
def test_a_row_follows_from_the_memory_and_the_cache_that_a_server_reports(
    kind: ServerKind, memory: float | None, cache: float | None, label: str
) -> None:
    row = row_of(kind, memory_gb=memory, cache_gb=cache)
    assert row is not None
    assert row.label == label


def test_no_row_is_guessed_where_nothing_is_known() -> None:
    assert row_of("ps_scaleout", memory_gb=None, cache_gb=None) is None
    assert row_of("ps_failback", memory_gb=16, cache_gb=600) is None


# --- properties -------------------------------------------------------------------------------------------------------

_servers = st.lists(
    st.tuples(
        st.sampled_from(["ps_builtin", "ps_scaleout", "ps_failback"]),
        st.sampled_from([0, 1, 2, None]),
        st.sampled_from(["ok", "warning", "critical", "unknown"]),
        st.sampled_from(["cs:1", "cs:2"]),
    ),
    min_size=1,
    max_size=6,
)
_machines = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.floats(0, 2200, allow_nan=False),
        st.sampled_from(["", "", "g1", "g2"]),
        st.integers(1, 60),
        st.sampled_from([None, 10.0, 60.0]),
        st.sampled_from([False, False, True]),
    ),
    max_size=12,
)


@given(_servers, _machines, st.integers(0, 6))
def test_nobody_is_lost_and_the_limits_hold_or_it_is_said_why_not(
    drawn: list[Any], loads: list[Any], emptied: int
) -> None:
    servers = [
        server(f"s{n}", kind, None if kind == "ps_failback" else tier, health=health, site=site)
        for n, (kind, tier, health, site) in enumerate(drawn)
    ]
    load = [
        machine
        for n, (on, change, group, count, peak, held) in enumerate(loads)
        for machine in machines(
            count, f"s{on}", change / count, prefix=f"v{n}", group=group, peak_mb_s=peak, held=held
        )
    ]
    leave = [f"s{emptied}"] if emptied < len(servers) and servers[emptied].row else []
    found = plan(servers, load, leave=leave)
    by_id = {one.id: one for one in servers}
    homes = where(found, load)

    # Everybody once, and nobody made up.
    assert len(homes) == len(load)
    assert len({move.machine for move in found.moves}) == len(found.moves)
    flagged = {flag.machine for flag in found.unbearable}
    held = {machine.id for machine in load if machine.held}
    counted = Counter(homes[machine.id] for machine in load if machine.id not in flagged)
    assert [after.machines for after in found.after] == [counted[one.id] for one in servers]

    # The rules of a move.
    for move in found.moves:
        source, target = by_id[move.source], by_id[move.target]
        assert source.site == target.site
        assert target.health != "critical"
        assert target.row is not None
        assert target.id not in leave
        assert move.machine not in flagged | held

    # No server that was sound is overloaded by the plan; whatever stays beyond its limits is said.
    before = {one.server: one for one in found.before}
    beyond = [one for one in found.after if one.over or (one.server in leave and one.machines)]
    assert bool(beyond) == bool(found.why_not)
    for one in found.after:
        if one.over:
            assert before[one.server].over
    # What was together on a server stays together, whatever keeps one of them there.
    for group in ("g1", "g2"):
        for start in by_id:
            ends = {
                homes[machine.id] for machine in load if machine.group == group and machine.server == start
            }
            assert len(ends) <= 1
    json.dumps(found.to_json())
