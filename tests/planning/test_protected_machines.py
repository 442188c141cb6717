from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.change_rates import Rate, RatesRefused, carried, read_rates
from wizard.planning.protected_machines import BATCH, MoveOrder, ProtectedMachine, batches, read_machines

PLACE = "/Subscriptions/s/resourceGroups/r/providers/p/vaults/v/replicationFabrics/fab/replicationProtectionContainers/con"


def item(**fields: Any) -> dict[str, Any]:
    details = {"instanceType": "InMageAzureV2", "processServerId": "abc-1", "multiVmGroupName": "erp"}
    return {
        "id": f"{PLACE}/replicationProtectedItems/item-1",
        "name": "item-1",
        "properties": {
            "friendlyName": "web01",
            "protectableItemId": f"{PLACE}/replicationProtectableItems/machine-1",
            "providerSpecificDetails": {**details, **fields},
        },
    }


def order(number: int, *, group: str = "", target: str = "B", way: Any = "reassociate") -> MoveOrder:
    return MoveOrder(
        machine=f"m{number}",
        name=f"vm{number}",
        item=f"i{number}",
        fabric="fab",
        container="con",
        way=way,
        source="A",
        target=target,
        group=group,
    )


def test_a_machine_is_named_by_its_protectable_item_and_never_by_what_people_call_it() -> None:
    (found,) = read_machines({"protected_items": [item()]})
    assert found == ProtectedMachine(
        id="machine-1",
        item="item-1",
        name="web01",
        server="ABC-1",
        fabric="fab",
        container="con",
        way="reassociate",
        group="erp",
    )


def test_a_modernized_machine_moves_by_itself_and_brings_its_account() -> None:
    (found,) = read_machines({"protected_items": [item(instanceType="InMageRcm", runAsAccountId="acc")]})
    assert (found.way, found.run_as_account) == ("update_appliance", "acc")


def test_a_modernized_machine_without_an_account_counts_and_is_held() -> None:
    found = read_machines({"protected_items": [item(instanceType="InMageRcm"), item()]})
    assert [one.held for one in carried(found, {}, total_gb=1)] == [True]
    (classic,) = carried(read_machines({"protected_items": [item()]}), {}, total_gb=1)
    assert not classic.held


@pytest.mark.parametrize("kind", ["InMage", "InMageRcmFailback", "HyperVReplicaAzure", ""])
def test_what_comes_home_or_is_of_another_kind_is_left_out(kind: str) -> None:
    assert read_machines({"protected_items": [item(instanceType=kind)]}) == ()


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "properties", "providerSpecificDetails", "instanceType", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_anything)
def test_whatever_a_vault_says_reading_it_does_not_raise(said: Any) -> None:
    for machine in read_machines({"protected_items": said}):
        assert machine.id
        assert machine.server


@given(st.lists(st.sampled_from(["", "", "", "g1", "g2", "g3"]), max_size=120))
def test_batches_hold_everybody_once_and_tear_no_group_apart(groups: list[str]) -> None:
    orders = [
        order(number, group=group, target="B" if number % 3 else "C") for number, group in enumerate(groups)
    ]
    made = batches(orders)
    assert sorted(one.machine for batch in made for one in batch) == sorted(one.machine for one in orders)
    for batch in made:
        assert len({(one.source, one.target) for one in batch}) == 1
        assert len(batch) <= BATCH or len({one.group for one in batch}) == 1
    for group in ("g1", "g2", "g3"):
        for target in ("B", "C"):
            of_it = [
                batch for batch in made if any(one.group == group and one.target == target for one in batch)
            ]
            assert len(of_it) <= 1


def test_each_modernized_machine_has_a_job_of_its_own() -> None:
    assert len(batches([order(n, way="update_appliance") for n in range(5)])) == 5


def test_an_order_taken_back_leads_home() -> None:
    back = order(1).back()
    assert (back.source, back.target, back.machine) == ("B", "A", "m1")
    assert back.back() == order(1)


def machine(name: str) -> ProtectedMachine:
    return ProtectedMachine(
        id=name, item=name, name=name, server="A", fabric="fab", container="con", way="reassociate"
    )


@pytest.mark.parametrize(
    ("total", "shares"),
    [(100.0, [40.0, 30.0, 30.0]), (10.0, [40.0, 0.0, 0.0]), (None, [40.0, 40.0, 40.0])],
)
def test_who_is_not_measured_shares_what_is_left(total: float | None, shares: list[float]) -> None:
    rates = {"a": Rate(daily_change_gb=40)}
    found = carried([machine("A"), machine("b"), machine("c")], rates, total_gb=total)
    assert [one.daily_change_gb for one in found] == shares
    assert [one.assumed for one in found] == [False, True, True]


def test_without_any_number_only_the_machines_count() -> None:
    assert [one.daily_change_gb for one in carried([machine("a")], {}, total_gb=None)] == [0.0]


@pytest.mark.parametrize(
    "text",
    [
        "name,daily_change_gb,peak_mb_s\nWeb01,12.5,3\n\n",
        "\ufeffPEAK_MB_S;Name;Daily_Change_GB\r\n3,0;web01;12,5\r\n",
        "name\tdaily_change_gb\tpeak_mb_s\nweb01\t12,5\t3",
    ],
)
def test_a_file_is_read_with_any_separator_and_order_of_columns(text: str) -> None:
    assert read_rates(text) == {"web01": Rate(daily_change_gb=12.5, peak_mb_s=3)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("name,gb\nvm1,2", "daily_change_gb"),
        ("name,daily_change_gb\nvm1,many", "Line 2"),
        ("name,daily_change_gb\nvm1,-1", "Line 2"),
        ("name,daily_change_gb\nvm1,nan", "Line 2"),
        ("name,daily_change_gb\n,1", "no name"),
        ("name,daily_change_gb\nvm1,1\nVM1,2", "twice"),
        ('name,daily_change_gb\n"vm1,1\nvm2,2', "quotation mark"),
        ("name,daily_change_gb\n" + "v" * 200_000 + ",1", "does not end"),
        ("name,daily_change_gb\n" + "v" * 256 + ",1", "255"),
    ],
)
def test_a_file_that_cannot_be_read_says_which_line_and_why(text: str, words: str) -> None:
    with pytest.raises(RatesRefused) as refused:
        read_rates(text)
    assert words in str(refused.value.text)
